//! The outlets and stories of the demonstration site: invented, and edited between the crawls.
//!
//! Their days are counted back from the start of the site; `{day}` and `{later}` in a text are such
//! days in words ([`super::days`]). The story that is edited is short, and so are its edits: what the
//! demonstration prints of it has to fit two screens.

use std::time::Duration;

/// An article as it is in one phase.
pub(super) struct Story {
    pub path: &'static str,
    pub section: &'static str,
    pub author: &'static str,
    /// How long before the start of the site it was published.
    pub published_before: Duration,
    pub picture: &'static str,
    pub caption: &'static str,
    /// One text for each phase in which it changed; the last one stays.
    pub texts: &'static [Text],
}

/// What an article says.
pub(super) struct Text {
    pub headline: &'static str,
    pub standfirst: &'static str,
    pub paragraphs: &'static [&'static str],
}

/// The name of the outlet.
pub(super) const OUTLET: &str = "The Harbour Courier";
/// Its host.
pub(super) const HOST: &str = "courier.example";

const HOUR: Duration = Duration::from_secs(3_600);

const STANDFIRST: &str = "Three new boats are to replace the Skua before winter.";

pub(super) const STORIES: &[Story] = &[
    Story {
        path: "/harbour/ferry-contract",
        section: "harbour",
        author: "Maren Oduya",
        published_before: HOUR.saturating_mul(26),
        picture: "ferry.svg",
        caption: "The Skua at the east quay",
        texts: &[
            Text {
                headline: "Board signs secret ferry deal",
                standfirst: STANDFIRST,
                paragraphs: &[
                    "The harbour board has signed a contract worth $50 million for three electric ferries without asking for other offers.",
                    "Each of the boats will carry 180 passengers, from October on.",
                    "“We had to act before winter,” said Ilse Varga, the chair of the board.",
                ],
            },
            Text {
                headline: "Board signs secret ferry deal",
                standfirst: STANDFIRST,
                paragraphs: &[
                    "The harbour board has signed a contract worth $50 million for three electric ferries without asking for other offers.",
                    "Each of the boats will carry 150 passengers, from October on.",
                    "“We wanted to act before winter,” said Ilse Varga, the chair of the board.",
                ],
            },
            Text {
                headline: "Board signs ferry deal",
                standfirst: STANDFIRST,
                paragraphs: &[
                    "The harbour board has signed a contract worth $50 million for three electric ferries.",
                    "Each of the boats will carry 150 passengers, from October on.",
                    "“We wanted to act before winter,” said Ilse Varga, the chair of the board.",
                    "Correction: The board did ask for other offers.",
                ],
            },
        ],
    },
    Story {
        path: "/council/bridge-closed",
        section: "council",
        author: "Pieter Lindqvist",
        published_before: HOUR.saturating_mul(49),
        picture: "bridge.svg",
        caption: "The mill bridge, closed since {day}",
        texts: &[Text {
            headline: "Mill bridge stays closed until the spring tide has passed",
            standfirst: "Engineers found cracks in two of the nine piers.",
            paragraphs: &[
                "The mill bridge will stay closed until {later}, the council said on {day}, after engineers found cracks in two of its nine piers.",
                "“The bridge is not about to fall, but it is tired,” said Anneke Solberg, the town engineer. She said the repair would take about three weeks and cost €240,000.",
                "Buses 4 and 7 take the road over the lock meanwhile, which adds some ten minutes to the way to school.",
                "The bridge was built in 1911 and carries 3,000 vehicles a day.",
            ],
        }],
    },
    Story {
        path: "/harbour/herring-festival",
        section: "harbour",
        author: "Maren Oduya",
        published_before: HOUR.saturating_mul(97),
        picture: "ferry.svg",
        caption: "Smoke over the old quay",
        texts: &[Text {
            headline: "Herring festival moves to the old quay",
            standfirst: "Organisers expect 8,000 visitors over two days.",
            paragraphs: &[
                "The herring festival will be held on the old quay this year, since the market square is being paved.",
                "“There is more room for the smokers and less for the cars,” said Jonas Achterberg, who has run the festival for 22 years.",
                "Last year about 7,500 people came, and four tonnes of herring were eaten.",
                "The council has promised a second row of benches, and a tent for the choir in case of rain.",
            ],
        }],
    },
];
