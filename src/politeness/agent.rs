//! The product token in a User-Agent: by which name a site's owner would address it in a robots.txt.
//!
//! RFC 9309 section 2.2.1 wants the token to be a part of the User-Agent that is sent. This reads the
//! part that names the crawler out of what may be around it; it judges nothing by it.

/// The product token of a User-Agent that should name `product`: `product` itself where that is in
/// it, else what it names first. In one that begins as browsers do, that is what stands behind
/// "compatible;", or else the first word that ends in bot, crawler or spider. `None` where no letter
/// is in it.
#[must_use]
pub fn token_of(agent: &str, product: &str) -> Option<String> {
    let words = || agent.split(|c: char| c.is_whitespace() || "()[];,".contains(c));
    let names = || words().map(name_of).filter(|name| !name.is_empty());
    if let Some(own) = names().find(|name| name.eq_ignore_ascii_case(product)) {
        return Some(own.to_owned());
    }
    let first = names().next()?;
    if !first.eq_ignore_ascii_case("mozilla") {
        return Some(first.to_owned());
    }
    let behind = agent.to_ascii_lowercase().find("compatible;").map(|at| at + "compatible;".len());
    let compatible = behind.and_then(|at| agent.get(at..)).map(|rest| name_of(rest.trim_start()));
    let is_crawler = |name: &&str| {
        let name = name.to_ascii_lowercase();
        ["bot", "crawler", "spider"].iter().any(|end| name.ends_with(end))
    };
    let found = compatible.filter(|name| !name.is_empty()).or_else(|| names().find(is_crawler));
    Some(found.unwrap_or(first).to_owned())
}

/// What a text begins with that may be a product token.
fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphabetic() || matches!(c, '-' | '_')));
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crawler_is_found_in_its_user_agent() {
        for (agent, token) in [
            ("pressmark/1.0 (+https://a.org/bot)", Some("pressmark")),
            ("Pressmark", Some("Pressmark")),
            ("OtherBot/2.1", Some("OtherBot")),
            ("news archive (pressmark; a.org)", Some("pressmark")),
            ("Mozilla/5.0 (compatible; Archive-Bot/1.0; +http://a.org)", Some("Archive-Bot")),
            ("Mozilla/5.0 (compatible; pressmark/1.0)", Some("pressmark")),
            ("Mozilla/5.0 (X11; Linux) Gecko/2010 newsbot/3", Some("newsbot")),
            ("Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/140.0", Some("Mozilla")),
            ("archive2go/1", Some("archive")),
            ("1/2 (3)", None),
            ("", None),
        ] {
            assert_eq!(token_of(agent, "pressmark").as_deref(), token, "{agent}");
        }
    }
}
