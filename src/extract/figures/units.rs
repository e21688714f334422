//! Units, currencies, hedges, and the words that make a number a name.
//!
//! Owns the word lists of [`super`]. Units are given in one form each: ISO 4217 for money where a
//! symbol or word has one ("$" and "dollars" alone are USD), the SI or customary symbol for measures.

use crate::extract::words::words;
use crate::language::Table;

/// The currency of a symbol.
pub(super) fn symbol(c: char) -> Option<&'static str> {
    Some(match c {
        '$' | '＄' => "USD",
        '€' => "EUR",
        '£' => "GBP",
        '¥' | '￥' => "JPY",
        '₹' => "INR",
        '₽' => "RUB",
        '₩' => "KRW",
        '₪' => "ILS",
        '₺' => "TRY",
        '₴' => "UAH",
        '₦' => "NGN",
        '₱' => "PHP",
        '₫' => "VND",
        '฿' => "THB",
        '₿' => "BTC",
        _ => return None,
    })
}

/// The currency of the letters right before a dollar sign: "A$", "R$".
pub(super) fn dollar_prefix(word: &str) -> Option<&'static str> {
    Some(match word {
        "US" | "U.S" => "USD",
        "A" | "AU" => "AUD",
        "C" | "CA" | "Can" => "CAD",
        "HK" => "HKD",
        "NZ" => "NZD",
        "S" => "SGD",
        "R" => "BRL",
        "NT" => "TWD",
        "MX" => "MXN",
        _ => return None,
    })
}

/// The currency of letters that are written together with the number behind them: "Rs500", "Rp1,2".
pub(super) fn money_letters(word: &str) -> Option<&'static str> {
    Some(match word {
        "Rs" => "INR",
        "Rp" => "IDR",
        "RM" => "MYR",
        _ => return None,
    })
}

/// The currency of a code or word ("EUR", "dollars"); `big`: a million or more is before it.
pub(super) fn currency_word(word: &str, big: bool) -> Option<&'static str> {
    Some(match word {
        "USD" => "USD",
        "EUR" => "EUR",
        "GBP" => "GBP",
        "CHF" => "CHF",
        "JPY" => "JPY",
        "CNY" | "RMB" => "CNY",
        "INR" => "INR",
        "CAD" => "CAD",
        "AUD" => "AUD",
        "BRL" => "BRL",
        "SEK" => "SEK",
        "NOK" => "NOK",
        "DKK" => "DKK",
        "PLN" => "PLN",
        "TRY" => "TRY",
        "UAH" => "UAH",
        "RUB" => "RUB",
        "MXN" => "MXN",
        "dollar" | "dollars" | "Dollar" | "dólares" | "dólar" => "USD",
        "euro" | "euros" | "Euro" | "Euros" => "EUR",
        "sterling" | "libras" | "livres" => "GBP",
        "pound" | "pounds" | "Pfund" if big => "GBP",
        "yen" => "JPY",
        "yuan" | "renminbi" => "CNY",
        "rupee" | "rupees" => "INR",
        "ruble" | "rubles" | "rouble" | "roubles" => "RUB",
        "hryvnia" | "hryvnias" => "UAH",
        "lira" | "liras" => "TRY",
        "shekel" | "shekels" => "ILS",
        "peso" | "pesos" => "peso",
        "franc" | "francs" | "Franken" => "CHF",
        "krona" | "kronor" => "SEK",
        "krone" | "kroner" => "krone",
        "zloty" | "zlotys" => "PLN",
        "reais" => "BRL",
        "rand" => "ZAR",
        "naira" => "NGN",
        "cent" | "cents" | "pence" => "cent",
        "bitcoin" | "bitcoins" => "BTC",
        "دولار" | "دولارات" => "USD",
        "يورو" => "EUR",
        "دينار" | "دنانير" | "dinar" | "dinars" => "dinar",
        "ريال" | "ريالات" | "riyals" | "rials" => "riyal",
        "درهم" | "دراهم" | "dirhams" => "dirham",
        _ => return None,
    })
}

/// The unit of a duration.
pub(super) fn duration(word: &str) -> Option<&'static str> {
    Some(match word {
        "second" | "seconds" | "secs" | "segundos" | "secondes" | "sekunden" => "second",
        "minute" | "minutes" | "min" | "mins" | "minuto" | "minutos" | "minuten" => "minute",
        "hour" | "hours" | "hr" | "hrs" | "hora" | "horas" | "heure" | "heures" | "stunde"
        | "stunden" => "hour",
        "day" | "days" | "día" | "días" | "jour" | "jours" | "tag" | "tage" | "tagen" | "dia"
        | "dias" => "day",
        "week" | "weeks" | "semana" | "semanas" | "semaine" | "semaines" | "woche" | "wochen" => {
            "week"
        }
        "month" | "months" | "mes" | "meses" | "mois" | "monat" | "monate" | "monaten" | "mês" => {
            "month"
        }
        "year" | "years" | "yr" | "yrs" | "año" | "años" | "an" | "ans" | "année" | "années"
        | "jahr" | "jahre" | "jahren" | "ano" | "anos" => "year",
        "decade" | "decades" | "década" | "décadas" | "jahrzehnte" => "decade",
        "century" | "centuries" | "siglos" | "siècles" => "century",
        _ => return None,
    })
}

/// The unit of a measure; words in lower case, symbols as they are.
pub(super) fn measure(word: &str, lower: &str) -> Option<&'static str> {
    let by_symbol = match word {
        "km" => "km",
        "m" => "m",
        "cm" => "cm",
        "mm" => "mm",
        "kg" => "kg",
        "g" => "g",
        "mg" => "mg",
        "lb" | "lbs" => "lb",
        "oz" => "oz",
        "ft" => "ft",
        "mi" => "mi",
        "mph" => "mph",
        "kph" | "kmh" => "km/h",
        "kW" => "kW",
        "MW" => "MW",
        "GW" => "GW",
        "kWh" => "kWh",
        "MWh" => "MWh",
        "GB" => "GB",
        "MB" => "MB",
        "TB" => "TB",
        "ha" => "ha",
        "L" | "l" => "l",
        "ml" => "ml",
        "Hz" => "Hz",
        "GHz" => "GHz",
        _ => "",
    };
    if !by_symbol.is_empty() {
        return Some(by_symbol);
    }
    Some(match lower {
        "kilometer" | "kilometers" | "kilometre" | "kilometres" | "kilómetro" | "kilómetros"
        | "kilomètre" | "kilomètres" | "quilômetros" | "quilómetros" => "km",
        "meter" | "meters" | "metre" | "metres" | "metro" | "metros" | "mètre" | "mètres" => "m",
        "centimeter" | "centimeters" | "centimetres" | "zentimeter" => "cm",
        "mile" | "miles" | "millas" => "mi",
        "foot" | "feet" => "ft",
        "inch" | "inches" => "in",
        "yard" | "yards" => "yd",
        "pound" | "pounds" => "lb",
        "ounce" | "ounces" => "oz",
        "ton" | "tons" | "tonne" | "tonnes" | "toneladas" | "tonnen" => "t",
        "kilogram" | "kilograms" | "kilo" | "kilos" | "kilogramm" => "kg",
        "gram" | "grams" => "g",
        "acre" | "acres" => "acre",
        "hectare" | "hectares" | "hectáreas" | "hektar" => "ha",
        "liter" | "liters" | "litre" | "litres" | "litros" | "liter-" => "l",
        "gallon" | "gallons" => "gal",
        "degree" | "degrees" | "grados" | "degrés" | "grad" | "graus" => "degree",
        "celsius" => "°C",
        "fahrenheit" => "°F",
        "megawatt" | "megawatts" => "MW",
        "gigawatt" | "gigawatts" => "GW",
        "knots" => "kn",
        "gigabytes" => "GB",
        "megabytes" => "MB",
        "terabytes" => "TB",
        "decibels" => "dB",
        "volts" => "V",
        _ => return None,
    })
}

words!(
    DESIGNATORS,
    "section article flight boeing airbus route highway interstate channel chapter room apollo windows iphone psalm title proposition prop \
     resolution line gate platform area studio formula covid agenda type model page figure table volume unit district ward no nos number nr núm \
     № n° nº bus train tram route exit pier dock hall lot level phase stage grade category tier track version release android ios xbox \
     playstation rule bill chapter verse canto symphony sonata op opus schedule appendix annex clause paragraph amendment form code box \
     zip postcode suite apartment apt building block terminal runway unit squadron battalion regiment brigade division battery company \
     artículo sección ley vuelo ruta article loi vol artikel paragraf gesetz flug artigo seção lei voo falcon starship soyuz tesla galaxy pixel \
     camp expo euro world windows catch fahrenheit studio sputnik pier precinct engine ladder locker pm radio radius big super ufc wrestlemania"
);

/// Whether a number behind `word` (lower case) names something instead of counting: "Section 230".
pub(super) fn is_designator(word: &str) -> bool {
    DESIGNATORS.contains(word)
}

words!(
    STREETS,
    "street st avenue ave road rd boulevard blvd drive dr lane ln way court ct place pl square terrace parkway pkwy highway hwy broadway \
     straße strasse platz calle avenida plaza rue boulevard rua"
);

/// Whether the word (lower case, no stop) ends an address.
pub(super) fn is_street(word: &str) -> bool {
    STREETS.contains(word)
}

/// Hedges of several words and of one, the longest first. In lower case.
const HEDGES: &[&str] = &[
    "no fewer than",
    "no less than",
    "no more than",
    "not more than",
    "not less than",
    "a little over",
    "a little more than",
    "slightly more than",
    "slightly less than",
    "slightly over",
    "slightly under",
    "just more than",
    "just less than",
    "somewhere between",
    "as many as",
    "as much as",
    "as few as",
    "as little as",
    "well over",
    "well above",
    "well under",
    "upwards of",
    "upward of",
    "more than",
    "less than",
    "fewer than",
    "greater than",
    "at least",
    "at most",
    "close to",
    "just over",
    "just under",
    "just shy of",
    "shy of",
    "up to",
    "in excess of",
    "an estimated",
    "a record",
    "about",
    "around",
    "approximately",
    "roughly",
    "nearly",
    "almost",
    "over",
    "under",
    "above",
    "below",
    "some",
    "estimated",
    "barely",
    "only",
    "just",
    "exactly",
    "around",
    "circa",
    "another",
    "an additional",
    "an average of",
    "más de",
    "menos de",
    "al menos",
    "por lo menos",
    "cerca de",
    "alrededor de",
    "aproximadamente",
    "unos",
    "unas",
    "casi",
    "hasta",
    "plus de",
    "moins de",
    "au moins",
    "près de",
    "jusqu’à",
    "jusqu'à",
    "environ",
    "quelque",
    "presque",
    "plus d’",
    "plus d'",
    "mehr als",
    "weniger als",
    "mindestens",
    "höchstens",
    "bis zu",
    "rund",
    "etwa",
    "fast",
    "knapp",
    "ungefähr",
    "über",
    "gut",
    "mais de",
    "pelo menos",
    "aproximadamente",
    "quase",
    "até",
];

/// The hedge that ends `before` (lower case, trimmed), as its length in bytes.
pub(super) fn hedge(before: &str, table: Option<&Table>) -> Option<usize> {
    let last = before.bytes().next_back();
    let phrases = table.into_iter().flat_map(|table| &table.hedge).map(|phrase| phrase.join(" "));
    let of_language =
        phrases.filter(|hedge| before.ends_with(hedge.as_str())).map(|hedge| hedge.len());
    HEDGES
        .iter()
        // Most texts end otherwise: the last byte is checked first.
        .filter(|hedge| hedge.bytes().next_back() == last && before.ends_with(**hedge))
        .map(|hedge| hedge.len())
        .chain(of_language)
        .filter(|&length| {
            before.len() == length
                || table.is_some_and(|table| table.is("no-spaces"))
                || before[..before.len() - length].ends_with(|c: char| !c.is_alphanumeric())
        })
        .max()
}

words!(
    NOT_COUNTED,
    "them us me him sont était étaient ont son sont están fueron foram são of in on at to from by for with and or but the a an this that these those is are was were be been being has have had will would can could may might \
     must should did does do as than if when while who which whose where because so since until after before between among during into over under about \
     against not no he she it they we i you his her its their our there then also more less fewer such each every out off up down per via versus vs \
     said says told according y o e de del la el los las en que con por para un una et ou du des le les dans sur qui que pour par und oder der die das \
     im in am mit von zu ist sind war waren wurde wurden da do dos das no na em com um uma was ago later earlier old more"
);

/// Whether the word (lower case) ends the counted thing.
pub(super) fn ends_counted(word: &str) -> bool {
    NOT_COUNTED.contains(word)
}

words!(
    PLURALS,
    "people men women children police personnel troops staff cattle fish sheep aircraft votes teeth feet mice geese media data dead wounded injured others million \
     personas gente personnes gens menschen leute pessoas"
);

/// Whether the word (lower case) is a plural noun, as far as its form shows.
pub(super) fn is_plural(word: &str) -> bool {
    PLURALS.contains(word)
        || (word.len() > 3
            && word.ends_with('s')
            && !word.ends_with("ss")
            && !word.ends_with("ous")
            && !word.ends_with("’s")
            && !word.ends_with("'s"))
}

words!(
    ONE_OF_A_KIND,
    "person man woman child boy girl officer soldier death case vote seat goal point victim survivor passenger worker student teacher member resident \
     house building car truck plane ship boat bomb shot bullet attack strike arrest injury patient doctor dollar euro pound percent day week month year hour \
     minute second mile kilometer country state city town village company bank school church million billion hundred thousand trillion dozen foot inch ton"
);

/// Whether "one" before the word counts it.
pub(super) fn one_counts(word: &str) -> bool {
    ONE_OF_A_KIND.contains(word)
}
