//! Real-life markup made wrong, deterministically by a seed.
//!
//! A page of the corpus is taken and one to eight mutations are made in it: bytes and tags cut out,
//! doubled, moved and spliced in from another page, cut at the end, wrapped deep, filled with control
//! characters, bad UTF-8, marks and words that rules look for, or written in another encoding than
//! the one that is declared.

/// Strings that mean something to a parser or to a rule.
const TOKENS: &[&str] = &[
    "<",
    ">",
    "</",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<style>",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<b>",
    "</b>",
    "<a href='",
    "<table>",
    "<tr>",
    "<td>",
    "</table>",
    "<template>",
    "<svg>",
    "<math>",
    "<select>",
    "<plaintext>",
    "<![CDATA[",
    "]]>",
    "<br><br>",
    "&",
    "&amp;",
    "&#0;",
    "&#xD800;",
    "&notit;",
    "\"",
    "'",
    "“",
    "”",
    "‘",
    "’",
    "«",
    "»",
    "„",
    "—",
    "…",
    "said",
    " he said, ",
    " said. “",
    " (",
    ")",
    ". ",
    "U.S. ",
    "1,000",
    "$",
    "Nov. ",
    "\0",
    "\u{b}",
    "\u{feff}",
    "\u{200f}",
    "\u{2028}",
    "\r",
    "\n\n",
    "\u{301}",
    "{",
    "}",
    "[",
    "\\u",
    "\\",
    "\"@type\":",
    "class=article-body",
    "hidden",
    "style='display:none'",
    "Correction: ",
];

/// Bytes that are not UTF-8.
const BAD: &[&[u8]] = &[
    b"\xff",
    b"\xc3",
    b"\xe2\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc0\xaf",
    b"\x80\x80",
    b"\x93",
    b"\xef\xbb\xbf",
];

const CONTENT_TYPES: &[&str] = &[
    "text/html; charset=utf-8",
    "text/html; charset=windows-1252",
    "text/html; charset=utf-16le",
    "text/html; charset=iso-2022-jp",
    "text/html; charset=gb18030",
    "text/html; charset=nonsense",
    "text/plain",
    "",
];

/// A mutated page.
pub struct Made {
    pub payload: Vec<u8>,
    pub content_type: Option<&'static str>,
    /// The mutations, for the message of a failure.
    pub steps: Vec<&'static str>,
}

/// A pseudo-random generator: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
pub struct Mutator {
    state: u64,
}

impl Mutator {
    pub fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where there is none.
    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// One of the pages, mutated.
    pub fn page(&mut self, pages: &[Vec<u8>]) -> Made {
        let mut page = pages[self.below(pages.len())].clone();
        let other = &pages[self.below(pages.len())];
        let mut steps = Vec::new();
        for _ in 0..=self.below(8) {
            steps.push(self.mutate(&mut page, other));
            page.truncate(400_000);
        }
        let content_type = (self.below(4) == 0).then(|| self.of(CONTENT_TYPES));
        Made { payload: page, content_type, steps }
    }

    fn mutate(&mut self, page: &mut Vec<u8>, other: &[u8]) -> &'static str {
        match self.below(15) {
            0 => {
                let range = self.stretch(page.len(), 2_000);
                page.drain(range);
                "cut out"
            }
            1 => {
                let range = self.stretch(page.len(), 2_000);
                let at = self.below(page.len() + 1);
                let copy = page[range].repeat(1 + self.below(4));
                page.splice(at..at, copy);
                "doubled"
            }
            2 => {
                let range = self.stretch(other.len(), 4_000);
                let at = self.below(page.len() + 1);
                page.splice(at..at, other[range].iter().copied());
                "spliced"
            }
            3 => {
                let end = self.below(page.len() + 1);
                page.truncate(end);
                "truncated"
            }
            4 => self.tags(page, "tags cut out", |_, _| Vec::new()),
            5 => self.tags(page, "tags doubled", |_, tag| tag.repeat(2)),
            6 => self.tags(page, "tags turned", |_, tag| match tag.get(1) {
                Some(b'/') => [b"<", &tag[2..]].concat(),
                _ => [b"</", tag.get(1..).unwrap_or_default()].concat(),
            }),
            7 => self.tags(page, "tags replaced", |of, _| of.of(TOKENS).as_bytes().to_vec()),
            8 => {
                for _ in 0..=self.below(30) {
                    let at = self.below(page.len() + 1);
                    page.splice(at..at, self.of(TOKENS).bytes());
                }
                "tokens put in"
            }
            9 => {
                for _ in 0..=self.below(10) {
                    let at = self.below(page.len() + 1);
                    page.splice(at..at, self.of(BAD).iter().copied());
                }
                "bad bytes put in"
            }
            10 => {
                for _ in 0..=self.below(40) {
                    let at = self.below(page.len());
                    if let Some(byte) = page.get_mut(at) {
                        *byte ^= 1 << (self.next() % 8);
                    }
                }
                "bits turned"
            }
            11 => {
                let at = self.below(page.len() + 1);
                let opening = self.of(&[
                    "<div>",
                    "<b>",
                    "<table><tr><td>",
                    "<ul><li>",
                    "<span>",
                    "<a>",
                    "<blockquote>",
                ]);
                let many = opening.repeat(1 + self.below(600));
                page.splice(at..at, many.bytes());
                "nested deep"
            }
            12 => self.encoded(page),
            13 => {
                let token = self.of(TOKENS);
                let at = self.below(page.len() + 1);
                let many = token.repeat(1 + self.below(300));
                page.splice(at..at, many.bytes());
                "a run put in"
            }
            _ => self.words(page),
        }
    }

    fn stretch(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..(start + self.below(most)).min(length)
    }

    /// Replaces up to a dozen tags by the result of `with`.
    fn tags(
        &mut self,
        page: &mut Vec<u8>,
        name: &'static str,
        with: impl Fn(&mut Self, &[u8]) -> Vec<u8>,
    ) -> &'static str {
        for _ in 0..=self.below(12) {
            let from = self.below(page.len());
            let Some(start) = page[from..].iter().position(|b| *b == b'<').map(|at| from + at)
            else {
                continue;
            };
            let Some(end) = page[start..].iter().position(|b| *b == b'>').map(|at| start + at + 1)
            else {
                continue;
            };
            let new = with(self, &page[start..end]);
            page.splice(start..end, new);
        }
        name
    }

    /// Other marks, other spaces, other stops.
    fn words(&mut self, page: &mut Vec<u8>) -> &'static str {
        let text = String::from_utf8_lossy(page).into_owned();
        let (from, to) = self.of(&[
            ("“", "\""),
            ("”", ""),
            ("”", "“"),
            ("\"", "”"),
            ("“", "«"),
            (". ", " "),
            (", ", ". "),
            (" ", "\u{a0}"),
            ("said", "said said"),
            ("’", "'"),
            ("</p>", ""),
            ("<p>", "<br><br>"),
            ("\n", ""),
            ("e", "é"),
            ("1", "一"),
            ("“", "—"),
            ("</", "<"),
            ("class=", "id="),
            ("article", "related"),
            (">", " >\u{200b}"),
        ]);
        *page = text.replace(from, to).into_bytes();
        "words replaced"
    }

    /// The same text in another encoding, whatever the page declares.
    fn encoded(&mut self, page: &mut Vec<u8>) -> &'static str {
        let text = String::from_utf8_lossy(page).into_owned();
        match self.below(4) {
            0 => {
                *page = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                "as UTF-16, little end first"
            }
            1 => {
                *page = [0xfe, 0xff]
                    .into_iter()
                    .chain(text.encode_utf16().flat_map(u16::to_be_bytes))
                    .collect();
                "as UTF-16, big end first, marked"
            }
            2 => {
                *page = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
                "as Latin 1"
            }
            _ => {
                // UTF-8 decoded as Latin 1 and encoded as UTF-8 again.
                *page = page.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes();
                "as UTF-8 twice"
            }
        }
    }
}
