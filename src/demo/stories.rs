//! The outlets and stories of the demonstration site: invented, and edited between the crawls.

/// An article as it stands in one phase.
pub(super) struct Story {
    pub path: &'static str,
    pub section: &'static str,
    pub author: &'static str,
    pub published: &'static str,
    pub published_words: &'static str,
    pub picture: &'static str,
    pub caption: &'static str,
    /// One text for each phase in which it changed; the last one stays.
    pub texts: &'static [Text],
}

/// What an article says.
pub(super) struct Text {
    pub headline: &'static str,
    pub standfirst: &'static str,
    pub modified: &'static str,
    pub paragraphs: &'static [&'static str],
}

/// The name of the outlet.
pub(super) const OUTLET: &str = "The Harbour Courier";
/// Its host.
pub(super) const HOST: &str = "courier.example";

pub(super) const STORIES: &[Story] = &[
    Story {
        path: "/harbour/ferry-contract",
        section: "harbour",
        author: "Maren Oduya",
        published: "2031-03-04T07:30:00+00:00",
        published_words: "4 March 2031",
        picture: "ferry.svg",
        caption: "The ferry Skua at the east quay. Picture: the harbour office",
        texts: &[
            Text {
                headline: "Harbour board signs secret $50 million ferry deal",
                standfirst: "Three new boats are to replace the Skua before winter, the board says.",
                modified: "2031-03-04T07:30:00+00:00",
                paragraphs: &[
                    "The harbour board has signed a contract worth $50 million for three electric ferries without asking for other offers, according to papers seen by this newspaper.",
                    "The boats will carry 180 passengers each and are due in October. They replace the Skua, which has crossed the sound since 1987.",
                    "“We had to act before the winter, and we will not apologise for it,” said Ilse Varga, the chair of the board. “Nobody was shut out.”",
                    "Two members of the town council said they had learned of the deal from the radio. “This will cost every household dearly,” said Tomas Brandt, who leads the opposition.",
                    "The ferry company employs 64 people. At least 12 of them are to be trained on the new boats this summer.",
                ],
            },
            Text {
                headline: "Harbour board signs secret $50 million ferry deal",
                standfirst: "Three new boats are to replace the Skua before winter, the board says.",
                modified: "2031-03-04T07:30:00+00:00",
                paragraphs: &[
                    "The harbour board has signed a contract worth $50 million for three electric ferries without asking for other offers, according to papers seen by this newspaper.",
                    "The boats will carry 150 passengers each and are due in October. They replace the Skua, which has crossed the sound since 1987.",
                    "“We had to act before the winter,” said Ilse Varga, the chair of the board. “Nobody was shut out.”",
                    "Two members of the town council said they had learned of the deal from the radio. “This could cost every household dearly,” said Tomas Brandt, who leads the opposition.",
                    "The ferry company employs 64 people. At least 12 of them are to be trained on the new boats this summer.",
                ],
            },
            Text {
                headline: "Harbour board signs $50 million ferry deal",
                standfirst: "Three new boats are to replace the Skua before winter, the board says.",
                modified: "2031-03-06T16:05:00+00:00",
                paragraphs: &[
                    "The harbour board has signed a contract worth $50 million for three electric ferries, according to papers seen by this newspaper.",
                    "The boats will carry 150 passengers each and are due in October. They replace the Skua, which has crossed the sound since 1987.",
                    "“We had to act before the winter,” said Ilse Varga, the chair of the board. “Nobody was shut out.”",
                    "The board asked four shipyards for offers in January, and two of them answered.",
                    "Two members of the town council said they had learned of the deal from the radio. “This could cost every household dearly,” said Tomas Brandt, who leads the opposition.",
                    "The ferry company employs 64 people. At least 12 of them are to be trained on the new boats this summer.",
                    "Correction: An earlier version of this article said that no other offers were asked for. The board asked four shipyards.",
                ],
            },
        ],
    },
    Story {
        path: "/council/bridge-closed",
        section: "council",
        author: "Pieter Lindqvist",
        published: "2031-03-03T12:00:00+00:00",
        published_words: "3 March 2031",
        picture: "bridge.svg",
        caption: "The mill bridge, closed since Monday",
        texts: &[Text {
            headline: "Mill bridge stays closed until the spring tide has passed",
            standfirst: "Engineers found cracks in two of the nine piers.",
            modified: "2031-03-03T12:00:00+00:00",
            paragraphs: &[
                "The mill bridge will stay closed until 21 March, the council said on Monday, after engineers found cracks in two of its nine piers.",
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
        published: "2031-03-01T09:00:00+00:00",
        published_words: "1 March 2031",
        picture: "ferry.svg",
        caption: "Smoke over the old quay",
        texts: &[Text {
            headline: "Herring festival moves to the old quay",
            standfirst: "Organisers expect 8,000 visitors over two days.",
            modified: "2031-03-01T09:00:00+00:00",
            paragraphs: &[
                "The herring festival will be held on the old quay this year, since the market square is being paved.",
                "“There is more room for the smokers and less for the cars,” said Jonas Achterberg, who has run the festival for 22 years.",
                "Last year about 7,500 people came, and four tonnes of herring were eaten.",
                "The council has promised a second row of benches, and a tent for the choir in case of rain.",
            ],
        }],
    },
];
