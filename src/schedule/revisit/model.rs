//! How often a page's text is edited: the prior by age, and what looks at it have taught.
//!
//! The number of edits between two ages is Poisson with mean `factor × exposure`. The exposure of
//! an article thins out with its age; the factor is the page's own, unknown, and learned. All that
//! a look shows is *changed* or *not*: `k` edits between two looks are one change. So the factor's
//! posterior has no closed form (Cho and Garcia-Molina, "Estimating frequency of change", 2003,
//! correct for it with equal intervals only); here it is kept exactly, on a grid of sixteen
//! factors, for intervals of any length.
//!
//! In addition there is a burst: an edit that was seen makes another one soon more likely, whatever
//! the page's age (a self-exciting term as in Hawkes 1971, of one known half-life). That is what
//! brings an old page back into view when its story moves again.

use crate::base::Timestamp;

/// How a page's edits thin out with its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Shape {
    /// A story: most edits in the first hours, few after a week.
    #[default]
    Article,
    /// A front page, section page or other list: always the same rate.
    Steady,
}

/// One part of an article's edits: its share of them, and the age in hours by which half of the
/// part is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgePart {
    /// Share of all edits.
    pub share: f64,
    /// Half-life in hours of age.
    pub half_life_h: f64,
}

/// The prior: what is expected of a page that was never visited.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    /// The parts of an article's edits.
    ///
    /// Set so that 82 % of the first week's edits fall into the first day, as GDELT's Global
    /// Difference Graph measured over 88 million articles (81 %).
    pub article_parts: [AgePart; 3],
    /// How many edits an article of factor 1 has in its life.
    pub article_edits: f64,
    /// Edits per hour of an article at any age, on top: corrections after months.
    pub article_floor_per_h: f64,
    /// Edits per hour of a steady page of factor 1.
    pub steady_per_h: f64,
    /// Shape of the Gamma distribution of factors (mean 1). Small: most pages are never edited
    /// and a few very often. With 1.0 edits a life, 0.25 leaves two thirds of articles unedited.
    pub factor_shape: f64,
    /// Edits that one seen edit brings with it, on average.
    pub burst_edits: f64,
    /// Half-life of that burst in hours.
    pub burst_half_life_h: f64,
    /// Share of the belief that goes back to the prior at each look, since stories change.
    pub drift: f64,
}

impl Default for Prior {
    fn default() -> Self {
        let part = |share, half_life_h| AgePart { share, half_life_h };
        Self {
            article_parts: [part(0.45, 1.5), part(0.35, 10.0), part(0.20, 120.0)],
            article_edits: 1.0,
            article_floor_per_h: 0.000_1,
            steady_per_h: 0.5,
            factor_shape: 0.25,
            burst_edits: 0.3,
            burst_half_life_h: 2.0,
            drift: 0.02,
        }
    }
}

const MICROS_PER_H: f64 = 3_600.0 * 1_000_000.0;

/// Hours from `from` to `to`; negative when `to` is earlier.
pub(super) fn hours(from: Timestamp, to: Timestamp) -> f64 {
    to.unix_micros().saturating_sub(from.unix_micros()) as f64 / MICROS_PER_H
}

impl Prior {
    /// Expected edits of a page of factor 1 up to this age in hours.
    fn until(&self, shape: Shape, age_h: f64) -> f64 {
        let age = age_h.max(0.0);
        match shape {
            Shape::Steady => self.steady_per_h * age,
            Shape::Article => {
                let parts = self.article_parts.iter();
                let share: f64 =
                    parts.map(|p| p.share * (1.0 - (-age / p.half_life_h).exp2())).sum();
                self.article_edits * share + self.article_floor_per_h * age
            }
        }
    }

    /// Expected edits of a page of factor 1 between two ages in hours.
    #[must_use]
    pub fn between(&self, shape: Shape, from_h: f64, to_h: f64) -> f64 {
        (self.until(shape, to_h) - self.until(shape, from_h)).max(0.0)
    }

    /// Expected edits of the burst between two times, in hours after the edit that was seen last.
    #[must_use]
    pub fn burst_between(&self, from_h: f64, to_h: f64) -> f64 {
        let left = |h: f64| (-h.max(0.0) / self.burst_half_life_h).exp2();
        self.burst_edits * (left(from_h) - left(to_h)).max(0.0)
    }
}

/// How many factors the belief distinguishes.
pub(super) const GRID: usize = 16;
/// The smallest and the step between neighbours: 0.01 to 65.
const GRID_MIN: f64 = 0.01;
const GRID_STEP: f64 = 1.796;

fn factor(index: usize) -> f64 {
    GRID_MIN * GRID_STEP.powi(i32::try_from(index).unwrap_or(0))
}

/// The belief about a page's factor: a weight for each of the grid's, summing to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Belief {
    weights: [f32; GRID],
}

impl Belief {
    /// The prior's.
    #[must_use]
    pub fn prior(prior: &Prior) -> Self {
        let k = prior.factor_shape.max(0.01);
        let mut belief = Self { weights: [0.0; GRID] };
        for (index, weight) in belief.weights.iter_mut().enumerate() {
            // Gamma density of shape k and mean 1, times the width of a grid cell, which grows
            // with the factor.
            let f = factor(index);
            *weight = (f.powf(k) * (-k * f).exp()) as f32;
        }
        // All factors below the grid are in its first cell; with a small shape they are many.
        let below = (GRID_MIN / GRID_STEP.sqrt()).powf(k) / (k * GRID_STEP.ln());
        belief.weights[0] += below as f32;
        belief.normalise();
        belief
    }

    pub(super) fn of_weights(weights: [f32; GRID]) -> Self {
        let mut belief = Self { weights };
        belief.normalise();
        belief
    }

    pub(super) fn weights(&self) -> &[f32; GRID] {
        &self.weights
    }

    /// The mean factor.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.weights.iter().enumerate().map(|(i, w)| f64::from(*w) * factor(i)).sum()
    }

    /// The probability that nothing happened over an exposure and a burst.
    #[must_use]
    pub fn unchanged(&self, exposure: f64, burst: f64) -> f64 {
        let still: f64 = self
            .weights
            .iter()
            .enumerate()
            .map(|(i, w)| f64::from(*w) * (-factor(i) * exposure).exp())
            .sum();
        still * (-burst).exp()
    }

    /// The belief after a look: `changed` or not over this exposure and burst.
    #[must_use]
    pub fn after(&self, exposure: f64, burst: f64, changed: bool, prior: &Prior) -> Self {
        let fresh = Self::prior(prior);
        let mut next = self.clone();
        for (index, weight) in next.weights.iter_mut().enumerate() {
            let still = (-factor(index) * exposure - burst).exp();
            let likelihood = if changed { 1.0 - still } else { still };
            // A look right after another shows nothing; the floor keeps the weights from all
            // being zero.
            *weight *= likelihood.max(1e-9) as f32;
        }
        next.normalise();
        let drift = prior.drift as f32;
        for (weight, new) in next.weights.iter_mut().zip(fresh.weights) {
            *weight = (1.0 - drift) * *weight + drift * new;
        }
        next
    }

    fn normalise(&mut self) {
        let sum: f32 = self.weights.iter().filter(|w| w.is_finite() && **w >= 0.0).sum();
        if sum > 0.0 && sum.is_finite() {
            for weight in &mut self.weights {
                *weight = if weight.is_finite() && *weight >= 0.0 { *weight / sum } else { 0.0 };
            }
        } else {
            self.weights = [1.0 / GRID as f32; GRID];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_day_has_four_fifths_of_the_first_weeks_edits() {
        let prior = Prior::default();
        let day = prior.between(Shape::Article, 0.0, 24.0);
        let week = prior.between(Shape::Article, 0.0, 168.0);
        assert!((0.79..0.84).contains(&(day / week)), "{}", day / week);
    }

    #[test]
    fn most_articles_are_never_edited_under_the_prior() {
        let prior = Prior::default();
        let belief = Belief::prior(&prior);
        let week = prior.between(Shape::Article, 0.0, 168.0);
        let unchanged = belief.unchanged(week, 0.0);
        assert!((0.6..0.85).contains(&unchanged), "{unchanged}");
    }

    #[test]
    fn looks_that_find_nothing_lower_the_belief_and_changes_raise_it() {
        let prior = Prior::default();
        let start = Belief::prior(&prior);
        let mut quiet = start.clone();
        let mut lively = start.clone();
        for _ in 0..6 {
            quiet = quiet.after(0.1, 0.0, false, &prior);
            lively = lively.after(0.1, 0.0, true, &prior);
        }
        assert!(quiet.mean() < start.mean() && start.mean() < lively.mean());
        // Six changes in six intervals of 0.1: the rate is at least some 20 a unit.
        assert!(lively.mean() > 10.0, "{}", lively.mean());
    }

    #[test]
    fn many_short_quiet_looks_tell_as_much_as_one_long_one() {
        let prior = Prior { drift: 0.0, ..Prior::default() };
        let many = (0..10).fold(Belief::prior(&prior), |b, _| b.after(0.05, 0.0, false, &prior));
        let one = Belief::prior(&prior).after(0.5, 0.0, false, &prior);
        assert!((many.mean() - one.mean()).abs() < 1e-3);
    }
}
