//! Numbers written in Chinese characters, where a counter is behind them: "三个月", "十九座".
//!
//! Owns which characters are a number and what it is. Deliberately reads none without a counter it knows, and no
//! single "一": most of them are inside other words ("统一", "十分", "千万"). "三百二十" is 320; "七八个", seven or
//! eight, is no one number.

use super::super::numbers::Decimal;

/// Characters of one number.
const CHARS_MAX: usize = 12;

/// What is counted, the words of time and measure among them.
const COUNTERS: &[&str] = &[
    "个", "個", "天", "年", "小时", "小時", "分钟", "分鐘", "秒", "周", "週", "岁", "歲", "公里",
    "公斤", "米", "公尺", "吨", "噸", "元", "人", "名", "位", "家", "座", "场", "場", "次", "只",
    "隻", "头", "頭", "辆", "輛", "艘", "架", "栋", "棟", "间", "間", "层", "層", "所", "条", "條",
    "件", "份", "张", "張", "台", "部", "户", "戶", "口", "处", "處", "项", "項", "公顷", "公頃",
    "亩", "畝", "时间", "時間", "か月", "カ月", "ヶ月", "歳", "社", "校", "軒", "匹", "回", "つ",
    "日間", "箇所", "カ所",
];

/// What is before a number that counts nothing: "第三", "周三", "三月" of a calendar, "星期三".
const BEFORE: &str = "第周週期拜月初";

/// The digit or the factor of a character.
fn value(c: char) -> Option<u64> {
    Some(match c {
        '零' | '〇' => 0,
        '一' => 1,
        '二' | '两' | '兩' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        '百' => 100,
        '千' => 1_000,
        '万' | '萬' => 10_000,
        '亿' | '億' => 100_000_000,
        _ => return None,
    })
}

/// The number that begins at `at`, with the byte behind it; none where no counter follows.
pub(super) fn number(text: &str, at: usize) -> Option<(usize, Decimal)> {
    let rest = text.get(at..)?;
    if let Some(found) = percent(text, at) {
        return Some(found);
    }
    let first = value(rest.chars().next()?)?;
    if first == 0 || first >= 100 {
        return None;
    }
    let before = text[..at].chars().next_back();
    if before.is_some_and(|c| BEFORE.contains(c) || value(c).is_some() || c.is_numeric()) {
        return None;
    }
    let run: String =
        rest.chars().take(CHARS_MAX + 1).take_while(|c| value(*c).is_some()).collect();
    let end = at + run.len();
    let behind = text.get(end..)?;
    if run.chars().count() > CHARS_MAX
        || run == "一"
        || !COUNTERS.iter().any(|c| behind.starts_with(c))
    {
        return None;
    }
    // "十分钟" is ten minutes, "三年级" a form of school, "三人行" a title: the first alone counts.
    if ["年级", "年級", "年生", "次元", "个人", "家庭"].iter().any(|word| behind.starts_with(word))
    {
        return None;
    }
    read(&run).map(|n| (end, Decimal::whole(n)))
}

/// The number behind "百分之", with what follows its point: "百分之十二点五".
fn percent(text: &str, at: usize) -> Option<(usize, Decimal)> {
    super::scan::HAN_PERCENT.iter().find(|words| text[..at].ends_with(**words))?;
    let chars = |rest: &str| -> String {
        rest.chars().take(CHARS_MAX).take_while(|c| value(*c).is_some_and(|n| n <= 1_000)).collect()
    };
    let rest = text.get(at..)?;
    let run = chars(rest);
    let whole = if run == "百" { 100 } else { read(&run).filter(|_| !run.is_empty())? };
    let end = at + run.len();
    let behind = text.get(end..)?;
    let Some(point) = behind.strip_prefix(['点', '點']) else {
        return Some((end, Decimal::whole(whole)));
    };
    let digits = chars(point);
    let fraction: Option<String> = digits
        .chars()
        .map(|c| {
            value(c).filter(|n| *n < 10).and_then(|n| char::from_digit(u32::try_from(n).ok()?, 10))
        })
        .collect();
    let fraction = fraction.filter(|digits| !digits.is_empty())?;
    let value = Decimal::parse(&format!("{whole}.{fraction}"))?;
    Some((end + (behind.len() - point.len()) + digits.len(), value))
}

/// The value of a run: hundreds, tens and units below each size.
fn read(run: &str) -> Option<u64> {
    let (mut total, mut section, mut digit) = (0_u64, 0_u64, None::<u64>);
    for c in run.chars() {
        let n = value(c)?;
        match n {
            0 => digit = None,
            1..=9 => {
                if digit.is_some() {
                    return None;
                }
                digit = Some(n);
            }
            10 | 100 | 1_000 => {
                section = section.checked_add(digit.take().unwrap_or(1).checked_mul(n)?)?;
            }
            _ => {
                section = section.checked_add(digit.take().unwrap_or(0))?;
                total = total.checked_add(section)?.max(1).checked_mul(n)?;
                section = 0;
            }
        }
    }
    total.checked_add(section)?.checked_add(digit.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_characters_has_a_counter_behind_it() {
        let read = |text: &str, at: usize| {
            number(text, at).map(|(end, n)| (text[at..end].to_owned(), n.text()))
        };
        assert_eq!(read("三个月", 0), Some(("三".into(), "3".into())));
        assert_eq!(read("等了三十小时", "等了".len()), Some(("三十".into(), "30".into())));
        assert_eq!(read("一百二十名", 0), Some(("一百二十".into(), "120".into())));
        assert_eq!(read("三千五百人", 0), Some(("三千五百".into(), "3500".into())));
        assert_eq!(read("两万人", 0), Some(("两万".into(), "20000".into())));
        assert_eq!(read("第三次", "第".len()), None);
        assert_eq!(read("周三次", "周".len()), None);
        assert_eq!(read("七八个", 0), None);
        assert_eq!(read("一个", 0), None);
        assert_eq!(read("十分重要", 0), None);
        assert_eq!(read("千万人", 0), None);
        assert_eq!(read("三明治", 0), None);
        assert_eq!(read("百分之十二", "百分之".len()), Some(("十二".into(), "12".into())));
        assert_eq!(read("百分之三点五", "百分之".len()), Some(("三点五".into(), "3.5".into())));
        assert_eq!(read("百分之百", "百分之".len()), Some(("百".into(), "100".into())));
    }
}
