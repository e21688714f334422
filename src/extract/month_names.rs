//! The names of the months in the languages of the press, with their usual short forms.
//!
//! One table: English, Spanish, French, German, Portuguese, Italian, Dutch, the Nordic and Baltic
//! languages, Polish, Czech, Slovak, Hungarian, Romanian, the languages of former Yugoslavia,
//! Russian, Ukrainian, Bulgarian, Greek, Turkish, Arabic, Persian, Urdu, Hebrew, Hindi, Bengali,
//! Thai, Catalan, Galician. A name that means different months in two languages ("listopada",
//! "srpna") stands where the larger press has it.

use std::collections::HashMap;
use std::sync::LazyLock;

const NAMES: [&str; 12] = [
    "january jan enero ene janvier janv januar jänner janner janeiro gennaio gen januari \
     январь января янв січня січень ιανουαρίου ιαν يناير ژانویه ocak styczeń stycznia sty \
     ledna leden januára január tammikuuta tammikuu ianuarie sijecanj siječnja januara \
     януари जनवरी জানুয়ারি மகரம் มกราคม ม.ค ינואר jaanuar janvāris janvārī sausio sausis \
     januário جنوری gener xaneiro urtarrila",
    "february feb febrero febr février fevr févr fév februar februari fevereiro fev \
     febbraio февраль февраля фев лютого лютий φεβρουαρίου φεβ فبراير شباط فوریه şubat \
     subat luty lutego lut února unora únor februára február helmikuuta helmikuu \
     februarie veljače veljača februara फरवरी ফেব্রুয়ারি กุมภาพันธ์ פברואר veebruar \
     februāris februārī vasario vasaris فروری febrer febreiro otsailaren",
    "march mar marzo mars märz maerz mrz maart marco março marzec marca marec март марта \
     мар березня березень μαρτίου μαρ مارس آذار mart března brezna březen marts \
     maaliskuuta maaliskuu martie ožujka ožujak मार्च মার্চ มีนาคม מרץ märts kovo kovas \
     مارچ març",
    "april apr abril abr avril avr aprile апрель апреля апр квітня квітень απριλίου απρ \
     أبريل ابريل إبريل نيسان آوریل nisan kwiecień kwietnia kwi dubna duben apríla apríl \
     április huhtikuuta huhtikuu aprilie travnja travanj aprila अप्रैल এপ্রিল เมษายน \
     אפריל aprill aprīlis aprīlī balandžio balandis اپریل",
    "may mayo mai maio maggio mag mei май мая травня травень μαΐου μαϊου μαι مايو أيار مه \
     mayıs mayis maj maja května kvetna květen mája máj május toukokuuta toukokuu svibnja \
     svibanj मई মে พฤษภาคม מאי maijs maijā gegužės gegužė مئی maig",
    "june jun junio juin juni junho giugno giu июнь июня июн червня червень ιουνίου ιουν \
     يونيو حزيران ژوئن haziran czerwiec czerwca cze června cervna červen júna jún június \
     kesäkuuta kesäkuu iunie lipnja lipanj juna जून জুন มิถุนายน יוני juuni jūnijs jūnijā \
     birželio birželis جون juny xuño",
    "july jul julio juillet juil juli julho luglio lug июль июля июл липня липень ιουλίου \
     ιουλ يوليو تموز ژوئیه temmuz lipiec lipca lip července cervence červenec júla júl \
     július heinäkuuta heinäkuu iulie srpnja srpanj jula जुलाई জুলাই กรกฎาคม יולי juuli \
     jūlijs jūlijā liepos liepa جولائی juliol xullo",
    "august aug agosto ago août aout augustus augusti август августа авг серпня серпень \
     αυγούστου αυγ أغسطس اغسطس آب اوت ağustos agustos sierpień sierpnia sie srpna srpen \
     augusta augusztus elokuuta elokuu kolovoza kolovoz avgusta avgust अगस्त আগস্ট \
     สิงหาคม אוגוסט augusts augustā rugpjūčio rugpjūtis اگست agost",
    "september sep sept septiembre setiembre septembre setembro set settembre сентябрь \
     сентября сен сент вересня вересень σεπτεμβρίου σεπ سبتمبر أيلول سپتامبر eylül eylul \
     wrzesień września wrz září zari szeptember syyskuuta syyskuu septembrie rujna rujan \
     septembra сентябр सितंबर सितम्बर সেপ্টেম্বর กันยายน ספטמבר septembris septembrī \
     rugsėjo rugsėjis ستمبر setembre",
    "october oct octubre octobre oktober okt outubro out ottobre ott октябрь октября окт \
     жовтня жовтень οκτωβρίου οκτ أكتوبر اكتوبر اکتبر ekim październik października paź \
     října rijna říjen októbra október lokakuuta lokakuu octombrie oktobra अक्टूबर \
     অক্টোবর ตุลาคม אוקטובר oktoober oktobris oktobrī spalio spalis اکتوبر outono",
    "november nov noviembre novembre novembro ноябрь ноября ноя нояб листопада листопад \
     νοεμβρίου νοε نوفمبر نوامبر kasım kasim listopad listopada lis listopadu novembra \
     marraskuuta marraskuu noiembrie studenoga studeni नवंबर नवम्बर নভেম্বর พฤศจิกายน \
     נובמבר novembris novembrī lapkričio lapkritis نومبر",
    "december dec diciembre dic décembre decembre déc dezember dez dezembro dicembre \
     декабрь декабря дек грудня грудень δεκεμβρίου δεκ ديسمبر دسامبر aralık aralik \
     grudzień grudnia gru prosince prosinec decembra joulukuuta joulukuu decembrie \
     prosinca prosinac दिसंबर दिसम्बर ডিসেম্বর ธันวาคม דצמבר detsember decembris decembrī \
     gruodžio gruodis دسمبر desembre decembro desember",
];

static MONTHS: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let rows = NAMES.iter().zip(1..);
    rows.flat_map(|(names, month)| names.split_ascii_whitespace().map(move |name| (name, month)))
        .collect()
});

/// The month a word names, 1 to 12, in any case.
#[must_use]
pub fn month_of(word: &str) -> Option<u32> {
    // The longest name has 30 bytes.
    if word.len() < 3 || word.len() > 32 {
        return None;
    }
    MONTHS.get(word.to_lowercase().as_str()).copied()
}
