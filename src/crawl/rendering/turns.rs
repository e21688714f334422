//! What the loop is asked on behalf of a rendering: whether a part may be asked for, and when. The loop asks the gate
//! with what is known of the host, as for any page.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::base::{HostKey, TargetUri, Timestamp};
use crate::capture::MaySend;
use crate::crawl::engine::{Crawl, Run};
use crate::crawl::job_context::Following;
use crate::crawl::observer::Observer;
use crate::crawl::options::CrawlError;
use crate::crawl::outcome::{Finished, Outcome};
use crate::crawl::sources::Role;
use crate::crawl::step::{HostResponse, Step, StepOutcome};
use crate::politeness::{Permit, RobotsTarget};
use crate::schedule::{BrowserUse, PartTurn};

use super::RenderJob;

/// A question or notice to the loop on behalf of a rendering.
pub(in crate::crawl) enum RenderAsk {
    /// Whether a URL may be asked for now.
    May {
        uri: TargetUri,
        /// Whose settings hold.
        job: String,
        reply: oneshot::Sender<Turn>,
    },
    /// Whether the next of a robots.txt's redirects may be.
    MayRobots { target: RobotsTarget, job: String, reply: oneshot::Sender<Turn> },
    /// An exchange has ended.
    Came { host: HostKey, met: HostResponse, ended: Timestamp, finished: Box<Finished> },
    /// A robots.txt has come.
    Robots { target: RobotsTarget, stepped: Box<StepOutcome> },
    /// It could not be asked for: nothing is known of it.
    NoRobots { target: RobotsTarget },
    /// The exchange of the page itself has ended: its parts may be asked for.
    Ended { uri: TargetUri, met: HostResponse, ended: Timestamp },
    /// A part was not asked for, though it might have been: the lease of its host was lost.
    Withdrawn { host: HostKey },
    /// A page was rendered, or could not be for this reason.
    Rendered { uri: TargetUri, trouble: Option<String> },
    /// Something that the operator should know of, as text.
    Note(String),
}

/// What the loop answers.
pub(in crate::crawl) enum Turn {
    /// It may.
    Go(Permit, Option<MaySend>),
    /// Its robots.txt is asked for first.
    Robots { permit: Permit, target: Box<RobotsTarget>, step: Box<Step> },
    /// Not before this time.
    Wait(Timestamp),
    /// Its host is another process'; to be tried again at this time.
    Elsewhere(Timestamp),
    /// It may not.
    Refused(String),
}

impl Crawl {
    /// How a URL of these jobs at `host` is read where it comes without its text: rendered, if one of them asks for it.
    pub(in crate::crawl) fn rendering(
        &self,
        run: &Run<'_>,
        jobs: &[Following],
        host: &HostKey,
    ) -> Option<RenderJob> {
        let asks = |job: &&Following| job.rules.spec.browser != BrowserUse::Never;
        let mut pages = jobs.iter().filter(|job| job.role == Role::Page);
        let following = pages.clone().find(asks).or_else(|| pages.next())?;
        Some(RenderJob {
            when: following.rules.spec.browser,
            options: Arc::clone(&self.options.browser),
            rules: Arc::clone(&following.rules),
            credentials: run.job.credentials.clone(),
            asks: run.render_asks.clone(),
            room: Arc::clone(&self.browsers),
            lease: self.frontier.guard(host),
        })
    }

    /// Answers a rendering that is under way, or takes in what it reports.
    pub(in crate::crawl) fn mind_rendering(
        &mut self,
        run: &mut Run<'_>,
        ask: RenderAsk,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let now = self.now();
        match ask {
            RenderAsk::May { uri, job, reply } => {
                let turn = self.turn_of_part(run, &uri, &job, now)?;
                self.reply(run, reply, turn, now)
            }
            RenderAsk::MayRobots { target, job, reply } => {
                let turn = self.turn_of_robots(run, target, &job, now)?;
                self.reply(run, reply, turn, now)
            }
            RenderAsk::Came { host, met, ended, finished } => {
                run.pages += 1;
                if matches!(finished.outcome, Outcome::Fetched { .. }) {
                    run.note_part(&finished.uri);
                }
                self.learn_pace_of(&host, &met, ended, now)?;
                self.part_ended(&finished.uri, now)?;
                self.note(run, &finished, observer)
            }
            RenderAsk::Robots { target, stepped } => {
                self.learn_pace(&stepped, now)?;
                if let Some(finished) = &stepped.finished {
                    self.write_log(finished)?;
                    observer.finished(finished);
                }
                let asked = target.uri().clone();
                let redirected = stepped.redirect.as_ref().map(|to| target.redirected(to.clone()));
                match redirected {
                    Some(Some(_)) => return self.part_ended(&asked, now),
                    Some(None) => {
                        let fetch = crate::politeness::RobotsFetch::RedirectedTooOften;
                        self.learn_robots(&target, fetch)?;
                    }
                    None => self.learn_robots(&target, stepped.robots_fetch())?,
                }
                run.asking_robots.remove(&target.governs().authority());
                self.part_ended(&asked, now)
            }
            RenderAsk::NoRobots { target } => {
                run.asking_robots.remove(&target.governs().authority());
                self.withdraw(&target.uri().host_key(), now)
            }
            RenderAsk::Ended { uri, met, ended } => {
                let host = uri.host_key();
                self.learn_pace_of(&host, &met, ended, now)?;
                let at = self.next_at(&uri, &host, now)?;
                Ok(self.frontier.pace_host(&host, at, now)?)
            }
            RenderAsk::Withdrawn { host } => self.withdraw(&host, now),
            RenderAsk::Rendered { uri, trouble } => {
                run.report.count_rendering(&uri, trouble.as_deref());
                if let Some(why) = trouble {
                    observer.note(&format!("{uri} was not rendered: {why}"));
                }
                Ok(())
            }
            RenderAsk::Note(what) => {
                observer.note(&what);
                Ok(())
            }
        }
    }

    fn turn_of_part(
        &mut self,
        run: &mut Run<'_>,
        uri: &TargetUri,
        job: &str,
        now: Timestamp,
    ) -> Result<Turn, CrawlError> {
        use crate::politeness::Answer;
        if run.stop.asked() {
            return Ok(Turn::Refused("the crawl is stopping".to_owned()));
        }
        if run.asking_robots.contains(&uri.authority()) {
            return Ok(Turn::Wait(now.plus(SOON)));
        }
        let host = uri.host_key();
        if let Some(turn) = self.turn_at(&host, now)? {
            return Ok(turn);
        }
        self.take_over_host(uri, now)?;
        let rules = self.rules.get(job).cloned();
        let gate = rules.as_ref().and_then(|rules| rules.gate.as_ref());
        Ok(match self.ask_as(gate, uri, now)? {
            Answer::Go(permit) => match self.let_through(&permit, now) {
                Err(until) => Turn::Wait(until),
                Ok(()) => {
                    self.begin(&host, now)?;
                    Turn::Go(permit, self.may_send(&host))
                }
            },
            // It is unknown when one that is under way ends.
            Answer::Wait { until, .. } => Turn::Wait(until.max(now.plus(SOON))),
            Answer::NeedRobots(target) => self.turn_of_robots(run, target, job, now)?,
            Answer::Refused(refusal) => Turn::Refused(refusal.to_string()),
        })
    }

    fn turn_of_robots(
        &mut self,
        run: &mut Run<'_>,
        target: RobotsTarget,
        job: &str,
        now: Timestamp,
    ) -> Result<Turn, CrawlError> {
        use crate::politeness::Answer;
        let host = target.uri().host_key();
        if let Some(turn) = self.turn_at(&host, now)? {
            return Ok(turn);
        }
        self.take_over_host(target.uri(), now)?;
        Ok(match self.ask_for_robots(&target)? {
            Answer::Go(permit) => match self.let_through(&permit, now) {
                Err(until) => Turn::Wait(until),
                Ok(()) => {
                    self.begin(&host, now)?;
                    run.asking_robots.insert(target.governs().authority());
                    let mut step = self.step_for(false, false, &run.stop);
                    if let Some(rules) = self.rules.get(job) {
                        step.request = rules.request_for(permit.uri());
                        if let Some(own) = &rules.capturer {
                            step.capturer = Arc::clone(own);
                        }
                    }
                    step.request.may_send = self.may_send(&host);
                    Turn::Robots { permit, target: Box::new(target), step: Box::new(step) }
                }
            },
            Answer::Wait { until, .. } => Turn::Wait(until.max(now.plus(SOON))),
            Answer::NeedRobots(_) | Answer::Refused(_) => {
                Turn::Refused("its robots.txt cannot be requested".to_owned())
            }
        })
    }

    /// Sends the answer; a permit that is no longer waited for is taken back.
    fn reply(
        &mut self,
        run: &mut Run<'_>,
        reply: oneshot::Sender<Turn>,
        turn: Turn,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        match reply.send(turn) {
            Err(Turn::Go(permit, _)) => self.withdraw(&permit.host(), now),
            Err(Turn::Robots { permit, target, .. }) => {
                run.asking_robots.remove(&target.governs().authority());
                self.withdraw(&permit.host(), now)
            }
            _ => Ok(()),
        }
    }

    /// What is in the way as far as a shared queue is concerned: the host has to be leased to this process.
    fn turn_at(&mut self, host: &HostKey, now: Timestamp) -> Result<Option<Turn>, CrawlError> {
        Ok(match self.frontier.turn_of_part(host, now)? {
            PartTurn::Go => None,
            PartTurn::Wait(until) => Some(Turn::Wait(until.max(now.plus(SOON)))),
            PartTurn::Elsewhere(until) => Some(Turn::Elsewhere(until.max(now.plus(SOON)))),
        })
    }

    /// A part was asked for: before when its host is asked next goes with the host.
    fn part_ended(&mut self, uri: &TargetUri, now: Timestamp) -> Result<(), CrawlError> {
        let host = uri.host_key();
        let at = self.next_at(uri, &host, now)?;
        self.frontier.pace_host(&host, at, now)?;
        self.frontier.end_part(&host);
        Ok(())
    }

    fn begin(&mut self, host: &HostKey, now: Timestamp) -> Result<(), CrawlError> {
        self.frontier.begin_part(host);
        let pace = self.gate.options().pace_for(host);
        self.book.facts(host, now, &pace)?.began(now);
        Ok(())
    }

    fn withdraw(&mut self, host: &HostKey, now: Timestamp) -> Result<(), CrawlError> {
        self.frontier.end_part(host);
        let pace = self.gate.options().pace_for(host);
        self.book.facts(host, now, &pace)?.withdrawn();
        Ok(())
    }
}

/// After this time it is asked again whether an exchange under way has ended.
const SOON: Duration = Duration::from_millis(50);
