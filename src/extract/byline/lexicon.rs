//! The words around names in bylines, as data: what begins a byline, what joins two names, jobs, degrees,
//! generations, and the words that make a name one of a body.
//!
//! Lower case. A new language adds its words to each table.

use std::collections::HashSet;
use std::sync::LazyLock;

/// A table of phrases.
pub(super) type Phrases = LazyLock<Vec<&'static str>>;

fn phrases(table: &'static str) -> Vec<&'static str> {
    table.split('|').collect()
}

/// What is before a name and is not part of it; the longer of two that match is taken. Those that end with a
/// letter need a space, a colon or the end behind them.
pub(super) static BY: Phrases = LazyLock::new(|| {
    phrases(
        "written by|posted by|reported by|reporting by|published by|submitted by|story by|words by|text by|article by|\
     report by|review by|reviewed by|analysis by|opinion by|commentary by|interview by|exclusive by|a report by|\
     by:|by|author:|authors:|author|words:|text:|reporter:|reporters:|credit:|exclusive:|ein bericht von|\
     eine analyse von|ein kommentar von|ein gastbeitrag von|ein interview von|eine reportage von|eine kolumne von|\
     kommentar von|analyse von|bericht von|gastbeitrag von|interview von|text von|protokoll:|aufgezeichnet von|\
     interview:|autor:|autorin:|autoren:|redaktion:|redacción:|redaccion:|redação:|redazione:|redactie:|rédaction:|rédaction :|\
     redakcja:|redakce:|von|propos recueillis par|entretien par|texte par|écrit par|publié par|\
     rédigé par|par|auteur :|auteur:|auteurs :|texte :|texte:|escrito por|publicado por|texto de|una crónica de|\
     un reportaje de|por|autora:|autores:|texto:|a cura di|scritto da|testo di|di|testo:|autore:|texto por|\
     reportagem de|autoria:|door|geschreven door|van onze verslaggever|van onze redacteur|van onze correspondent|door onze verslaggever|tekst:|tekst|auteur|skrevet av|skriven av|av|af|skrevet af|\
     skribent:|journalist:|autorzy:|autorka:|opracował:|opracowała:|opracowanie:|oprac.:|oprac.|rozmawiał|rozmawiała|napsal:|\
     napsala:|írta:|szerző:|szerzők:|teksti:|kirjoittaja:|toimittaja:|scris de|autor|yazar:|yazan:|haber:|автор:|\
     авторы:|автор|авторы|текст:|текст|от|автори:|від|γράφει ο|γράφει η|γράφουν οι|του|της|των|συντάκτης:|\
     ρεπορτάζ:|بقلم:|بقلم|كتب:|كتب|كتبت:|كتبت|إعداد:|إعداد|الكاتب:|تحرير:|מאת:|מאת|כתב:|כתבה:|כותב:|نویسنده:|نوشته|\
     به قلم|گزارش:|लेखक:|लेखक|द्वारा:|द्वारा|रिपोर्ट:|作者：|作者:|作者|文／|文/|文｜|文：|文:|撰文：|撰文/|撰文|撰稿：|采写：|採訪：|文・|文＝|文=|取材・文|執筆：|執筆|\
     著者：|著者|筆者：|글·사진|글:|글|tác giả:|tác giả|bài:|bài viết:|oleh:|oleh|penulis:|ditulis oleh",
    )
});

/// What is before names of people with other roles; they and all that follows are left out.
pub(super) static NOT_BY: Phrases = LazyLock::new(|| {
    phrases(
        "photo by|photos by|photograph by|photographs by|photography by|pictures by|picture by|illustration by|\
     illustrations by|illustrated by|video by|videos by|graphics by|graphic by|audio by|edited by|editing by|\
     translated by|additional reporting by|additional reporting from|additional reporting:|produced by|\
     production by|fact checked by|fact-checked by|medically reviewed by|reviewed by|updated by|promoted by|\
     sponsored by|presented by|paid for by|compiled by|as told to|photo:|photos:|photo :|photos :|photography:|\
     video:|editor:|editing:|illustration:|illustrations:|graphic:|graphics:|pictures:|image:|images:|fotos:|foto:|\
     fotos von|foto von|bild:|bilder:|bilder von|grafik:|illustration von|übersetzt von|übersetzung:|mitarbeit:|\
     redigiert von|traduit par|photos par|illustration :|adaptation:|fotografías de|fotografía:|fotografías:|\
     ilustración:|ilustración de|traducción de|traducción:|foto di|traduzione di|fotografie di|fotografia:|\
     tradução:|foto's:|beeld:|vertaling:|zdjęcia:|fot.|foto av|fotograf:|foto af|valokuva:|kuva:|kuvat:|kép:|fotó:|\
     фото:|фотографии:|фото|перевод:|дизайн:|иллюстрации:|редактор:|φωτογραφίες:|φωτο:|تصوير:|تصوير|צילום:|צילום|\
     फोटो:|摄影：|摄影/|摄影：|攝影：|攝影/|图：|图/|圖/|圖：|编辑：|编辑:|编辑/|責任編輯|责任编辑|责编：|责编|校对|編輯：|編輯/|写真・|写真＝|写真：|写真=|編集：|사진:|사진|편집:|\
     영상:|ảnh:|foto oleh",
    )
});

/// What joins two names, in any language: never a word within a name.
pub(super) static JOINERS: Phrases = LazyLock::new(|| {
    phrases(
        "and|&|+|und|u.|sowie|et|och|og|ja|sekä|és|oraz|ve|ile|și|şi|dan|và|και|и|та|й|with|mit|und:|and:|plus|with:|\
     y:|و|avec|また|および|及び|和|与|與|및|और|तथा|एवं|وَ",
    )
});

/// Words of one or two letters that join names in one language and stand within names, or for a place, in
/// another: the languages in which they join.
pub(super) const NARROW_JOINERS: &[(&str, &[&str])] = &[
    ("y", &["es", "gl", "ast"]),
    ("e", &["it", "pt", "gl", "es"]),
    ("ed", &["it"]),
    ("i", &["pl", "ca", "hr", "sr", "bs", "sl", "uk"]),
    ("і", &["uk", "be"]),
    ("a", &["cs", "sk"]),
    ("en", &["nl", "af"]),
    ("un", &["lv"]),
    ("ir", &["lt"]),
    ("in", &["sl"]),
    ("eta", &["eu"]),
    ("och", &["sv"]),
    ("na", &["sw"]),
];

/// Words between a name and a place or an outlet: what follows is not part of the name.
pub(super) static PLACE_WORDS: Phrases = LazyLock::new(|| {
    phrases(
        "in|at|from|for|of|near|aboard|on|aus|bei|für|à|au|aux|depuis|en|desde|em|på|fra|från|uit|voor|w|we|ve|z|ze|в|\
     из|у|за|з|στην|στο|από|في|من|ב|via",
    )
});

static ROLE_HEADS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    "reporter reporters correspondent correspondents editor editors editor-in-chief editor-at-large writer writers journalist \
     journalists columnist columnists producer producers photographer photojournalist contributor contributors staff intern \
     commentator critic blogger presenter anchor analyst author researcher director manager chief trainee apprentice fellow \
     freelancer freelance cartoonist illustrator videographer host specialist professor lecturer ceo founder co-founder president \
     redakteur redakteurin redakteure redaktionsleiter redaktionsleiterin redakteur*in korrespondent korrespondentin reporterin \
     journalistin autor autorin volontär volontärin chefredakteur chefredakteurin ressortleiter ressortleiterin kolumnist \
     kolumnistin mitarbeiter mitarbeiterin moderator moderatorin kommentator herausgeber herausgeberin praktikant praktikantin \
     rédacteur rédactrice journaliste correspondant correspondante envoyé envoyée chroniqueur chroniqueuse éditorialiste \
     rédacteur·rice grand-reporter pigiste directeur directrice chef cheffe auteur autrice stagiaire \
     redactor redactora corresponsal periodista columnista editora reportero reportera enviado enviada articulista cronista \
     director directora jefe jefa becario colaborador colaboradora \
     giornalista corrispondente inviato inviata redattore redattrice editorialista caporedattore collaboratore direttore \
     repórter jornalista correspondente colunista redator redatora editor-chefe estagiário \
     redacteur verslaggever verslaggeefster journaliste columniste correspondente hoofdredacteur \
     redaktör journalistpraktikant korrespondent reporter nyhetschef redaktør kommentatör journaliste debattredaktør \
     toimittaja päätoimittaja kirjeenvaihtaja dziennikarz dziennikarka redaktor redaktorka korespondent korespondentka publicysta \
     novinář novinářka zpravodaj zpravodajka redaktorem komentátor újságíró szerkesztő főszerkesztő tudósító munkatárs munkatársa \
     jurnalist jurnalistă corespondent muhabir muhabiri editörü editör yazar yazarı temsilcisi \
     корреспондент корреспондентка журналист журналистка редактор обозреватель обозревательница колумнист шеф-редактор автор \
     корреспондента спецкор спецкорр собкор кореспондент кореспондентка журналіст журналістка оглядач редакторка \
     δημοσιογράφος ανταποκριτής αρχισυντάκτης συντάκτης ρεπόρτερ مراسل مراسلة مراسلنا صحفي صحفية صحافي صحافية محرر محررة الصحفي \
     خبرنگار כתב כתבת עורך עורכת פרשן פרשנית संवाददाता पत्रकार संपादक विशेष रिपोर्टर wartawan jurnalis redaktur koresponden kontributor \
     phóng biên"
        .split_ascii_whitespace()
        .collect()
});

static ROLE_MORE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    "senior junior chief deputy assistant associate acting managing executive contributing guest special staff lead principal former \
     political politics economics economic business financial finance technology tech science health medical environment climate \
     energy education crime legal court courts justice defence defense diplomatic foreign international global world national \
     regional local city metro sports sport football soccer cricket rugby tennis arts culture music film television tv media royal \
     religion religious social community consumer affairs property housing transport travel food fashion lifestyle features feature \
     investigations investigative data digital video multimedia online web news breaking night weekend audience engagement opinion \
     editorial democracy security intelligence military labour labor money markets banking investment europe european africa asia \
     asian china russia middle east us uk washington westminster white house state statehouse government policy public county \
     general assignment enterprise freelance our the and of for & desk bureau daily sunday style washington-based london-based \
     freier freie leitender leitende politischer wirtschafts- unser unsere unserem unserer aus de la du des del der spécial spéciale \
     permanent grand en à local spéciaux politique économie sports principal principale especial jefe política economía cultura \
     nostro nostra speciale capo di dalla dal freelance political-editor chef specjalny własny наш наша спецiальний специальный \
     собственный главный старший политический научный özel viên tập in"
        .split_ascii_whitespace()
        .collect()
});

/// Ends of German, Dutch and Nordic compounds that name a job: "Wirtschaftsredakteurin".
static ROLE_ENDS: Phrases = LazyLock::new(|| {
    phrases(
        "redakteur|redakteurin|redakteure|korrespondent|korrespondentin|korrespondenten|reporter|reporterin|journalist|\
     journalistin|autor|autorin|kolumnist|kolumnistin|mitarbeiter|mitarbeiterin|redaktör|redaktør|redacteur|\
     verslaggever|volontär|volontärin|toimittaja|krijeslaggever|-editor|-writer|leiter|leiterin|expertin|experte|\
     chef|chefin",
    )
});

/// Whether a word, in lower case, names a job.
pub(super) fn is_role_head(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',', ':']);
    ROLE_HEADS.contains(word)
        || ROLE_ENDS.iter().any(|end| word.len() > end.len() && word.ends_with(end))
}

/// Whether a word, in lower case, is next to jobs: "senior", "political", "of".
pub(super) fn is_role_more(word: &str) -> bool {
    ROLE_MORE.contains(word.trim_end_matches(['.', ','])) || word.ends_with("-in-chief")
}

/// Jobs written without spaces: before the name, behind it, or on either side.
pub(super) static JOINED_ROLES: Phrases = LazyLock::new(|| {
    phrases(
        "通讯员|通訊員|实习生|實習生|见习编辑|本报驻外记者|本报特约记者|本报实习记者|本报记者|本報記者|本刊记者|实习记者|實習記者|特约记者|特約記者|见习记者|特派记者|特派記者|首席记者|记者|記者|特派員|論説委員|編集委員|通信員|评论员|評論員|\
     特约评论员|主笔|主筆|支局長|編集長|总编辑|總編輯|기자|특파원|논설위원|선임기자|인턴기자|객원기자|전문기자|앵커",
    )
});

/// The generations, as they are behind a name.
pub(super) static GENERATIONS: Phrases = LazyLock::new(|| {
    phrases(
        "jr|jr.|jnr|jnr.|junior|jun.|sr|sr.|snr|snr.|senior|sen.|ii|iii|iv|2nd|3rd|4th|fils|père|d.ä.|d.j.|d.y.|ml.|\
     st.|мл.|ст.",
    )
});

/// Degrees, orders and memberships behind a name: not part of it in any style.
pub(super) static DEGREES: Phrases = LazyLock::new(|| {
    phrases(
        "phd|ph.d.|ph.d|md|m.d.|m.d|do|d.o.|jd|j.d.|mba|m.b.a.|ma|m.a.|ba|b.a.|bsc|msc|m.sc.|b.sc.|mph|m.p.h.|rn|r.n.|\
     np|pa-c|dds|d.d.s.|dvm|d.v.m.|edd|ed.d.|llb|llm|ll.m.|esq|esq.|cpa|cfa|cfp|rd|ldn|frs|obe|mbe|cbe|kbe|dbe|qc|\
     kc|mp|mep|msp|frcp|mbbs|dphil|d.phil.|psy.d.|psyd|pharmd|lcsw|mfa|m.f.a.|s.j.|o.p.|osb|m.b.|ret.|usn|usmc|\
     m.s.|ms|b.s.|bs|rph|facs|ma.|csc.|drsc.|dipl.-ing.|m.eng.",
    )
});

/// Words that are not a name where they are alone.
pub(super) static NO_NAMES: Phrases = LazyLock::new(|| {
    phrases(
        "नई दिल्ली|new delhi|new york|new york city|los angeles|san francisco|hong kong|tel aviv|buenos aires|são paulo|rio de janeiro|\
     abu dhabi|den haag|washington dc|washington d.c.|kuala lumpur|mexico city|ciudad de méxico|cape town|санкт-петербург|\
     нижний новгород|admin|administrator|author|authors|null|none|undefined|unknown|webmaster|web master|user|guest|share|follow|\
     editor|root|anonymous|n/a|na|test|contributor|by|staff|staff writer|default|true|false|email|e-mail|details|\
     comments|comment|subscribe|advertisement|sponsored|nan|siteadmin|superuser|wpadmin|wp-admin|newsroom admin|\
     content|no author|author name|guest author|various|redakteur|автор|админ|администратор|anonym|anonyme|anónimo|\
     updated|published|posted|home|news|profile|twitter|facebook|instagram|linkedin|bluesky|threads|x|website|rss|\
     bio|biography|more|print|save|listen|opinion|exclusive|analysis|video|live|writer|reporter|journalist|and|the",
    )
});

/// What begins a piece of a byline that is a pointer or a prompt.
pub(super) static INVITATIONS: Phrases = LazyLock::new(|| {
    phrases(
        "email |e-mail |mail |follow |contact |share |view |more |read |see |bio|profile|about |connect |get in touch|\
     send |click |tweet|message |alle artikel|mehr |tous ses articles|suivre|ver más|seguir|tutti gli articoli|\
     все статьи|全部文章|updated|last updated|published|posted|modified|first published|aktualisiert|veröffentlicht|\
     mis à jour|publié|actualizado|publicado|aggiornato|pubblicato|atualizado|bijgewerkt|oppdatert|publicerad|\
     uppdaterad|opdateret|обновлено|опубликовано|min read|reading time|lesezeit|copyright|©",
    )
});

/// Words that make a name that of a body, wherever they are in it.
static BODIES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    "agency agencies staff team newsroom editorial editors news redacao reuters afp dpa efe ansa tass upi xinhua bbc cnn npr pbs abc nbc cbs itv \
     bloomberg associated bureau inc inc. llc ltd ltd. gmbh plc corp corp. corporation company university universities institute \
     institution foundation association department ministry committee commission commissioner council parliament senate congress \
     government embassy police authority agency office federation union party society organisation organization organisations \
     organizations centre center centres centers laboratory academy college school hospital museum library bank trust consortium coalition \
     collective observatory initiative programme program administration secretariat secretary nations force forces army navy \
     service services board network alliance partnership studios studio productions press-agency newswire correspondents \
     contributors readers desk magazine newspaper herald gazette tribune chronicle observer guardian courier journal \
     redaktion onlineredaktion lokalredaktion agentur nachrichtenagentur ministerium bundesministerium behörde amt verband verein \
     gesellschaft universität hochschule institut stiftung rat zentrum polizei regierung zeitung rundfunk deutsche \
     rédaction agence ministère université institut fondation comité commission conseil mairie préfecture gouvernement parti \
     association syndicat centre observatoire presse radio redacción redaccion agencias agencia ministerio universidad instituto \
     fundación comité comisión consejo ayuntamiento gobierno junta asociación sindicato partido \
     redazione agenzia ministero università istituto fondazione comitato commissione consiglio governo comune associazione \
     redação agência agências ministério universidade fundação comissão conselho prefeitura governo associação \
     redactie persbureau ministerie universiteit stichting raad gemeente vereniging \
     redaktionen redaktionens nyhetsbyrån nyhetsbyrå byrå byrån departementet regeringen universitetet förbundet ntb ritzau tt stt \
     redakcja redakce agencja agentura ministerstwo ministerstvo uniwersytet univerzita instytut komitet rada urząd pap čtk ctk mti \
     szerkesztőség toimitus redacția agenția haber ajansı bakanlığı merkezi üniversitesi \
     редакция агентство министерство университет институт комитет правительство совет центр тасс интерфакс риа редакція \
     агентство міністерство університет інститут комітет рада укрінформ уніан \
     σύνταξη πρακτορείο υπουργείο πανεπιστήμιο الوكالة وكالة وكالات وزارة جامعة معهد مركز هيئة لجنة صحيفة التحرير المحرر \
     מערכת סוכנות משרד אוניברסיטת מכון ועדת डेस्क ब्यूरो एजेंसी मंत्रालय न्यूज़ redaksi kantor kementerian universitas lembaga lusa anp belga \
     ats sda keystone-sda kyodo jiji yonhap pti ani ians bernama antara interfax unian ukrinform anadolu propublica ap"
        .split_ascii_whitespace()
        .collect()
});

/// Words that do so, but are family names, too.
static SOFT_BODIES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    "news press times post media group wire web online world daily weekly sun star mirror record standard telegraph express mail \
     echo globe sentinel argus digital today report reports review channel tv fm house court courts college bank school rat raad \
     deutsche office party force bureau rada trust amt center herald chronicle chambers congress sport sports"
        .split_ascii_whitespace()
        .collect()
});

/// Ends of words written without spaces that name a body.
static BODY_ENDS: Phrases = LazyLock::new(|| {
    phrases(
        "社|编辑部|編輯部|編集部|编辑室|通讯社|通訊社|通信社|通信|新闻社|新聞社|新闻网|新聞網|新闻|新聞|日报|日報|晚报|委员会|委員會|委員会|取材班|報道部|社会部|研究所|大学|大學|中心|電視台|电视台|\
     记者团|편집부|뉴스|통신|신문|연합뉴스|위원회|대학교|온라인뉴스팀|뉴스팀|디지털뉴스팀|방송",
    )
});

/// Ends of German and Dutch compounds that name a body.
static BODY_WORD_ENDS: Phrases = LazyLock::new(|| {
    phrases(
        "redaktion|ministerium|agentur|zeitung|redactie|ministerie|verband|anstalt|behörde|gesellschaft|universität|\
     universiteit|institut|stiftung|rundfunk|redaksjonen|redaktionen|.com|.org|.net|.de|.co.uk|.fr|.es|.it|.nl|.ru|\
     .info|.eu",
    )
});

/// What follows the name of a company.
pub(super) static COMPANY_ENDS: Phrases = LazyLock::new(|| {
    phrases("inc|inc.|ltd|ltd.|llc|plc|gmbh|ag|s.a.|sa|s.p.a.|co.|corp.|kg|bv|b.v.|ab|oy|as")
});

/// What follows "&" in the name of a firm.
pub(super) static FIRM_ENDS: Phrases = LazyLock::new(|| {
    phrases(
        "sons|son|co|co.|company|partners|brothers|bros|bros.|associates|daughters|söhne|sohn|partner|fils|hijos|figli|\
     filhos|zonen|noble|sønner|söner|cie|cie.|others",
    )
});

/// Agencies whose reports others print.
const WIRES: &str = "afp ap apa anp ansa aap dpa dpa-afx efe ntb pa pap pti reuters ritzau sda tass tt upi xinhua yonhap kyodo jiji lusa \
    belga bloomberg interfax ria unian ukrinform antara anadolu aa mti čtk ctk stt apa-ots keystone-sda europapress adnkronos тасс \
    интерфакс риа уніан укрінформ";

/// Agencies of several words.
pub(super) const WIRE_NAMES: [&str; 6] = [
    "associated press",
    "agence france-presse",
    "press association",
    "pa media",
    "deutsche presse-agentur",
    "thomson reuters",
];

/// Words that make a body one of the outlet's own rooms, or agencies in general.
const DESKS: &str = "desk newsroom staff agencies agences agenturen agencias agenzie agências agentschappen agentstwa byråerna redaktion \
    onlineredaktion lokalredaktion rédaction redacción redaccion redazione redação redacao redactie redakcja redakce redaktionen redaksjonen \
    redaksi редакция редакції редакція وكالات";

/// Whether a name is that of a news agency, alone.
pub(super) fn is_wire(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut words =
        lower.split(|c: char| !(c.is_alphanumeric() || c == '-')).filter(|w| !w.is_empty());
    let first = words.next();
    let bare = lower.strip_prefix("the ").unwrap_or(&lower);
    WIRE_NAMES.contains(&bare)
        || first.is_some_and(|word| WIRES.split_ascii_whitespace().any(|wire| wire == word))
            && words.next().is_none()
}

/// Whether a name is that of a desk, a staff, or of the outlet a piece was written for: "Redaktion Kiel", "Special to the
/// Post".
pub(super) fn is_desk(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.starts_with("special to ")
        || lower
            .split_whitespace()
            .any(|word| DESKS.split_ascii_whitespace().any(|desk| desk == word))
}

/// Whether a word begins the name of a place of several words: "New York".
pub(super) fn begins_a_place(word: &str) -> bool {
    const PLACES: &str = "New San Santa Santo Los Las St St. Saint Sankt El La Le Les Rio Hong Tel Buenos Sao São Cape Kuala Abu Addis \
        Port Puerto Porto Ho North South East West Den Bad Fort Mexico Ciudad Salt Washington United Great";
    PLACES.split_ascii_whitespace().any(|place| place == word)
}

/// Words behind a name that begin what the page says of its dates.
pub(super) static DATED: Phrases = LazyLock::new(|| {
    phrases(
        "follow|following|suivre|seguir|segui|folgen|volgen|följ|følg|obserwuj|updated|published|posted|modified|aktualisiert|veröffentlicht|publié|actualizado|publicado|aggiornato|pubblicato|\
     atualizado|bijgewerkt|gepubliceerd|oppdatert|publisert|uppdaterad|publicerad|opdateret|zaktualizowano|opublikowano|\
     aktualizováno|publikováno|обновлено|опубликовано|оновлено|опубліковано|güncelleme|güncellendi|yayınlandı|ενημερώθηκε|\
     diperbarui|diterbitkan",
    )
});

/// Verbs between a place and the reporter there: "Aus Farholm berichtet Jutta Kern".
pub(super) static REPORTS: Phrases = LazyLock::new(|| {
    phrases(
        "berichtet|berichten|meldet|reports|informa|rapporte|rapporteert|bericht|rapporterar|rapporterer|сообщает|передаёт|\
     передает|повідомляє|donosi|relacjonuje",
    )
});

/// Ends of words in East Asian scripts that name a desk, an office or an outlet, beside people.
pub(super) static DESK_ENDS: Phrases = LazyLock::new(|| {
    phrases(
        "部|支局|総局|本社|支社|編集局|報道局|取材班|新聞|新报|日报|日報|晚报|晚報|通讯社|通訊社|通信社|新华社|中新社|中央社|일보|신문|뉴스|통신|방송|지국|本报|本報",
    )
});

/// Whether a word, in lower case, makes a name one of a body; the second says that it may be a family name.
pub(super) fn body_word(word: &str) -> Option<bool> {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '.');
    let bare = bare.strip_suffix("'s").or_else(|| bare.strip_suffix("’s")).unwrap_or(bare);
    if SOFT_BODIES.contains(bare) {
        return Some(true);
    }
    let is_end = |end: &&str| bare.len() > end.len() && bare.ends_with(*end);
    let is_body = BODIES.contains(bare)
        || BODIES.contains(bare.trim_end_matches('.'))
        || BODY_WORD_ENDS.iter().any(is_end)
        || BODY_ENDS.iter().any(|end| bare.ends_with(end));
    is_body.then_some(false)
}
