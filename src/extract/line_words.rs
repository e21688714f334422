//! The words by which lines of furniture are recognised, in the main languages of the press.
//!
//! Tables only; what is done with them stands in [`super::lines`]. Entries are in lower case and
//! separated by bars.

use crate::base::phrases::{PhraseFinder, finder_of};
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

/// Beginnings of lines that point elsewhere; they count next to a link or a colon.
const POINTERS_TEXT: &str = "related|read more|read also|also read|see also|see more|more on|more from|more:|read next|\
    read the full|read our|don't miss|don’t miss|must read|watch:|watch now|watch more|\
    listen:|listen to|recommended|you may also|you might also|popular on|most popular|\
    trending|up next|next:|previous:|next article|previous article|continue reading|read:|\
    also:|explore more|what to read|further reading|for more information|learn more|\
    click here|find out more|check out|lesen sie auch|lesen sie mehr|mehr zum thema|mehr dazu|\
    mehr:|auch interessant|weiterlesen|lire aussi|à lire aussi|a lire aussi|à lire|voir aussi|\
    lire la suite|pour aller plus loin|lea también|lee también|leer más|leer también|\
    te puede interesar|te recomendamos|le recomendamos|lies auch|lest auch|lesen sie hier|siehe auch|aussi à lire|\
    sur le même sujet|confira também|confira:|mais sobre|más sobre|ver también|más información|mira también|le puede interesar|\
    leia também|leia mais|veja também|saiba mais|veja mais|leggi anche|leggi di più|\
    guarda anche|approfondisci|lees ook|lees meer|bekijk ook|les også|læs også|läs också|\
    läs mer|lue myös|czytaj też|czytaj także|zobacz też|zobacz także|читайте также|\
    читать также|смотрите также|читайте далее|по теме|ayrıca bakınız|bunları da oku|اقرأ أيضا|\
    اقرأ أيضاً|إقرأ أيضا|اقرأ المزيد|关联阅读|相关阅读|延伸阅读|関連記事|あわせて読みたい|관련 기사|관련기사|baca juga|\
    xem thêm|đọc thêm|читайте також|дивіться також|διαβάστε επίσης|διαβάστε ακόμα|διαβάστε ακόμη|δείτε επίσης|\
    čtěte také|přečtěte si také|mohlo by vás zajímat|קראו גם|קרא גם|קראו עוד|بیشتر بخوانید|همچنین بخوانید|यह भी पढ़ें|ये भी पढ़ें|\
    延伸閱讀|相關閱讀|相關新聞|相关新闻|함께 읽기|더 읽기|læs mere|les mer|läs även|bunu da okuyun|bunlar da ilginizi çekebilir";

/// Beginnings of lines that ask or offer something, or are about the page and not its subject.
const PROMPTS_TEXT: &str = "subscribe to|subscribe now|sign up|sign in|signup|log in|register now|register for free|\
    join our|join us on|follow us|follow on|follow @|like us on|find us on|get our|\
    get the latest|get breaking|get the app|download the app|download our|share this|share on|\
    share via|share:|share article|email this|print this|copy link|save article|add us as|\
    set as a preferred|make us preferred|already a subscriber|already have an account|\
    support our|support independent|donate|become a member|this article is free to read|\
    start your free trial|advertisement|advertising|sponsored|sponsored by|paid post|\
    affiliate disclosure|article continues|story continues|continue reading below|\
    scroll to continue|skip to|skip advertisement|loading|scan the qr|scan this qr|\
    enter your email|your email|by signing up|by subscribing|thank you for subscribing|\
    thanks for subscribing|please enter|please wait|this site is protected by recaptcha|\
    leave a comment|leave a reply|post a comment|join the conversation|view comments|\
    show comments|comments are closed|your email address will not be|filed under|tagged|tags:|\
    tag:|topics:|topic:|categories:|category:|posted in|labels:|more stories|more articles|\
    more news|our standards|copyright ©|copyright (c)|©|all rights reserved|whatsapp|\
    click to share|click to tweet|tweet this|pin it|was this article helpful|was this helpful|\
    rate this|how useful was|did you find this|report an error|report a typo|\
    suggest a correction|text size|font size|table of contents|jump to|in this article|\
    on this page|reading time|estimated reading|listen to this article|listen to article|listen to this story|listen to story|listen to this post|\
    play audio|this video can not be played|this video cannot be played|video player|\
    media playback|photo gallery|view gallery|see all photos|open image|\
    view image in fullscreen|image source|getty images|enlarge|reprints|abonnieren sie|\
    jetzt abonnieren|newsletter|teilen|abonnez-vous|inscrivez-vous|s'abonner|s’abonner|\
    partager|suscríbete|suscríbase|compartir|síguenos|regístrate|inscreva-se|assine|\
    compartilhe|siga-nos|iscriviti|condividi|seguici|abonneer|meld je aan|подписывайтесь|\
    подпишитесь|поделиться|tempo de leitura|tiempo de lectura|temps de lecture|lesezeit|\
    leestijd|czas czytania|lästid|lesetid|læsetid|tempo di lettura|время чтения|час читання|okuma süresi|χρόνος ανάγνωσης|doba čtení|\
    waktu baca|阅读时间|閱讀時間|読了時間|읽는 시간|artikel anhören|artikel hören|écouter cet article|écouter l’article|escuchar este artículo|\
    escucha este artículo|escuchar artículo|ascolta l’articolo|ascolta questo articolo|ouvir artigo|ouça este|beluister dit artikel|\
    luister naar dit artikel|posłuchaj artykułu|lyssna på artikeln|lyt til artiklen|lytt til saken|слушать статью|прослушать статью|\
    この記事を聞く|haberi dinle|dengarkan artikel|استمع إلى المقال|האזינו לכתבה|newsletter abonnieren|newsletter bestellen|recevez notre|\
    ricevi la newsletter|receba nossa|ontvang onze|publicidade|publicidad|publicité|anzeige|pubblicità|реклама|reklam|اشترك|شارك|تابعنا|訂閱|\
    订阅|分享|シェア|공유|구독";

/// Whole lines.
const WHOLE_TEXT: &str = "watch the video|watch video|play video|share|tweet|email|e-mail|print|save|facebook|twitter|x|linkedin|pinterest|reddit|comments|\
    comment|reply|like|follow|more|menu|close|search|home|next|previous|prev|back|back to top|\
    top|caption|hide caption|toggle caption|image|photo|video|audio|ad|ads|advert|tags|topics|\
    related|related articles|related stories|related posts|related content|related topics|\
    recommended|trending|popular|most read|most popular|latest|latest news|newsletter|\
    subscribe|sign up|see also|read more|read next|you may also like|view all|see all|\
    show more|load more|learn more|live|updated|published|privacy policy|terms of use|\
    terms of service|cookie policy|contact us|about us|faq|editor's picks|editors' picks|\
    editor’s picks|author|about the author|written by|editors|contents|about the authors|\
    more from this author|follow the author|by|play|pause|mute|fullscreen|play video|\
    transcript|expand|collapse|gallery|slideshow|photos|source|credit|disqus|whatsapp|\
    telegram|messenger|copy|copied|join the discussion|our journalism|what's next|\
    sponsored content|partner content|from our partners|promoted stories|you might also like|\
    more for you|up next|watch|listen|keep reading|weitere artikel|mehr zum thema|\
    das könnte sie auch interessieren|à lire aussi|sur le même sujet|artículos relacionados|\
    noticias relacionadas|notícias relacionadas|leia também|relacionadas|veja também|articoli correlati|leggi anche|\
    похожие статьи|теги|read full story|read full article|read the full story|more stories|\
    link copied|link copied!|unsubscribe|manage preferences|update preferences|manage subscription";

/// Phrases of offers, anywhere in a short line.
const OFFERS_TEXT: &str = "reader-funded|reader funded|make a gift of|make a donation today|off your first year|off your first month|off an annual subscription|our newsletter|free newsletter|daily newsletter|weekly newsletter|newsletters here|\
    to your inbox|in your inbox|into your inbox|our app|app store|google play|\
    whatsapp channel|telegram channel|our youtube channel|follow us on|on facebook and|\
    preferred source on google|google news|push notifications|subscribe to our|subscribe for|\
    sign up for our|sign up to our|sign up here|sign up for free|become a subscriber|\
    start your subscription|click here to subscribe|use our app|\
    you are signed in|you are logged in|you’re signed in|you're signed in|sie sind angemeldet|vous êtes connecté|has iniciado sesión|\
    je bent ingelogd|вы вошли как|free articles left|free articles remaining|free article left|articles left this month|free articles this month|\
    kostenlose artikel übrig|kostenlose artikel in diesem monat|articles gratuits ce mois|gratis artikelen deze maand|darmowe artykuły w tym|\
    бесплатных статей|articoli gratuiti questo mese|articles gratuits restants|artículos gratis este mes|artigos gratuitos este mês|\
    articoli gratuiti|get notified|unseren newsletter|unserem newsletter|notre newsletter|nuestro boletín|\
    nuestra newsletter|nossa newsletter|nostra newsletter|canal de whatsapp|canal do whatsapp|\
    onze nieuwsbrief|телеграм-канал|telegram-канал";

/// Words of counters: reading time, comments, views.
const UNITS_TEXT: &str = "page|posted|published|viewed|times|次|人|min|mins|minute|minutes|minuten|minutos|minuti|minuto|read|reading|time|comments|comment|\
    kommentare|commentaires|comentarios|comentários|shares|share|views|view|likes|like|of|ago|\
    hour|hours|hrs|hr|day|days|votes|vote|ratings|replies|reply|followers|photos|images|\
    videos|listen|k|m|watch|watching|readers|viewers|online|words|leitura|lectura|lecture|de|la|tempo|tiempo|temps|\
    lesezeit|x|lettura|lesedauer|minutes'|second|seconds|sec|s|ratings|reviews|stars|star|source|sources|article|articles|story|stories|post|posts|result|results|\
    claps|aufrufe|leser|vues|lectures|visitas|vistas|visualizaciones|visualizações|visualizzazioni|letture|\
    weergaven|reacties|wyświetleń|odsłon|komentarzy|visningar|kommentarer|visninger|просмотров|просмотра|просмотр|\
    комментариев|комментария|переглядів|коментарів|görüntülenme|yorum|okunma|минут|мин|minut|\
    donors|donor|supporters|backers|signatures|photo|image|picture|slide|foto|bild|von|sur|su|van|av|af|di|\
    partages|condivisioni|compartidos|compartilhamentos|delningar|delinger|udostępnień|sdílení|gedeeld|keer|paylaşım|\
    репостов|репоста|поширень|κοινοποιήσεις|commenti|commento|reactie|komentarze|komentarz|komentářů|komentáře|kommentar|\
    комментарий|коментар|коментарі|σχόλια|σχόλιο|تعليقا|تعليق|تعليقات|تعليقاً|مشاركة|مشاركات|مشاهدة|قراءة|דקות|קריאה|תגובות|תגובה|שיתופים|צפיות|\
    نظر|نظرات|دیدگاه|بازدید|دقیقه|टिप्पणियां|टिप्पणियाँ|टिप्पणी|मिनट|पढ़ें|阅读|閱讀|浏览|瀏覽|条评论|則評論|评论|評論|条回复|次阅读|次浏览|人阅读|分享|分钟|分鐘|\
    コメント|件|件のコメント|人が読んでいます|人が閲覧中|回再生|分で読める|読了時間|約|分|댓글|개|조회|조회수|회|읽음|공유|komentar|dibaca|kali|dibagikan|menit|baca|\
    leestijd|czas|czytania|lästid|lesetid|læsetid|minuters|läsning|minutter|minuter|время|чтения|минуты|час|читання|хвилин|хв|χρόνος|ανάγνωσης|λεπτά|okuma|\
    süresi|dakika|dk|doba|čtení|waktu";

/// Beginnings that also begin sentences: what follows them decides.
const ONE_WORD_TEXT: &str = "advertising|advertisement|donate|loading|assine|whatsapp|newsletter|tagged|sponsored|\
    enlarge|getty images|copyright|reklam|anzeige|teilen|compartir|partager|реклама|publicidad|publicidade|publicité|\
    pubblicità|اشترك|شارك|condividi|поделиться";

/// Beginnings of a byline.
const BY_TEXT: &str = "by|written by|posted by|published by|words by|words:|story by|reported by|reviewed by|\
    medically reviewed by|fact checked by|fact-checked by|edited by|updated by|author:|authors:|von|par|por|di|\
    autor:|auteur :|text:|texto:|текст:|автор:|posted on|posted in|posted under|posted:|published on|published:|\
    published in|updated:|updated on|last updated|last modified|date:|first published|comment via|share via|\
    publicado por|publicado em|publicado el|publié le|publié par|veröffentlicht|aktualisiert|erstellt|pubblicato|\
    geplaatst|gepubliceerd|опубликовано|обновлено|mis à jour|actualizado|atualizado|aggiornato|bijgewerkt";

/// Beginnings of captions and credits.
const CREDIT_STARTS_TEXT: &str = "image copyright|image caption|image credit|image credits|image source|image:|image via|\
    images:|media caption|photo:|photos:|photo by|photo credit|photo credits|photograph:|photographs:|photo courtesy|\
    photography by|picture:|pictures:|credit:|credits:|featured image|video:|video by|illustration by|illustration:|\
    foto:|fotos:|bild:|bilder:|crédit photo|crédits photo|crédit :|imagen:|imagem:|foto di|foto van|фото:|source: getty|\
    image by|图片来源|写真:";

/// Ends of captions, closing marks left out.
const CREDIT_ENDS_TEXT: &str = "/getty images|getty images|via getty images|/ap photo|(ap photo|/reuters|/afp|afp via getty|\
    /shutterstock|shutterstock.com|via shutterstock|istockphoto|/istock|via unsplash|on unsplash|/unsplash|pexels.com|\
    /getty|image: getty|alamy stock photo|/alamy|/epa|/pa wire|/imago|picture alliance|/dpa|nurphoto|zuma press";

/// Words that begin a credit in brackets.
const CREDIT_WORDS_TEXT: &str = "image|images|photo|photos|photograph|picture|pic|credit|foto|bild|getty|reuters|ap photo|ap|\
    afp|courtesy|screenshot|screengrab|illustration|video|epa|pa|imagen|imagem|source: getty";

/// Beginnings of lines that describe the page's own state.
const STATES_TEXT: &str = "number of comments|number of views|rated by|number of shares|you are visitor|you are reader|visitor number|sie sind besucher|besucher nr|vous êtes le visiteur|\
    es usted el visitante|last login|last visit|page generated|generated in|rendered in|letzte anmeldung|letzter besuch|\
    seite erstellt in|dernière connexion|último acceso|ultimo accesso|последний вход|offer ends|offer expires|sale ends|deal ends|ends in|expires in|starts in|time left|\
    this article is more than|this article is over|this story is more than|this story is over|this article was last updated|this article was last modified|this article was last reviewed|this article was last edited|\
    this post is more than|printed on|printed from|printed at|printed:|print date|page printed|this page was printed|\
    angebot endet|das angebot endet|dieser artikel ist mehr als|\
    dieser artikel ist über|dieser artikel ist älter als|gedruckt am|ausgedruckt am|ausdruck vom|l'offre se termine|\
    l’offre se termine|fin de l'offre|cet article date de plus de|cet article date de plus d'|cet article date de plus d’|cet article a plus de|imprimé le|la oferta termina|\
    la oferta acaba|este artículo tiene más de|esta noticia tiene más de|impreso el|a oferta termina|este artigo tem mais de|\
    esta notícia tem mais de|impresso em|l'offerta scade|questo articolo ha più di|stampato il|aanbieding eindigt|\
    dit artikel is meer dan|dit artikel is ouder dan|afgedrukt op|oferta kończy się|ten artykuł ma ponad|wydrukowano|\
    artikeln är mer än|artikeln är äldre än|utskriven|artikkelen er mer enn|artikkelen er over|skrevet ut|\
    artiklen er mere end|udskrevet|статья старше|статье больше|распечатано|роздруковано|yazdırılma|\
    閲覧数|再生回数|阅读量|阅读数|閱讀數|浏览|瀏覽|조회수|조회|この記事は公開から|印刷日|打印时间|打印日期|列印日期|인쇄일";

/// What says of an offer how long it lasts.
const LEFT_TEXT: &str = "left|remaining|noch|verbleiben|verbleibend|plus|reste|restent|restants|quedan|queda|faltan|falta|\
    restan|mancano|manca|restano|faltam|restam|nog|zostało|pozostało|kvar|igjen|tilbake|осталось|залишилось|kaldı";

/// What else stands in such a line: units of time and small words.
const COUNTDOWN_TEXT: &str = "free|articles|article|kostenlose|kostenloser|kostenlosen|artikel|gratuits|gratuit|gratis|only|just|to|go|and|days|day|hours|hour|hrs|minutes|minute|mins|min|seconds|second|sec|d|h|m|s|nur|und|\
    tage|tag|tagen|stunden|stunde|minuten|sekunden|que|il|ne|encore|et|jours|jour|heures|heure|secondes|solo|sólo|y|días|día|\
    horas|hora|minutos|segundos|ancora|e|giorni|giorno|ore|ora|minuti|secondi|só|apenas|dias|dia|dagen|dag|uur|en|jeszcze|\
    tylko|i|dni|dzień|godzin|godziny|godzina|minut|sekund|bara|och|dagar|timmar|minuter|sekunder|kun|og|dager|timer|minutter|\
    ещё|еще|только|и|дней|дня|день|часов|часа|час|секунд|gün|saat|dakika|yalnızca";

/// Who is counted on a page.
const CROWD_TEXT: &str = "readers|people|others|users|fans|leser|leserinnen|lecteurs|lectores|leitores|lettori|lezers|\
    czytelników|läsare|lesere|læsere|читателей|читачів|okur|personen|personnes|personas|pessoas|persone|osób|człowiek|\
    człowieka";

/// What they are counted for.
const APPLAUSE_TEXT: &str = "like|liked|love|loved|recommend|recommended|viewing|watching|shared|bookmarked|saved|following|\
    read|reading|gefällt|gefallen|empfehlen|lesen|aiment|recommandent|lisent|gusta|recomiendan|leyendo|gostaram|curtiram|\
    recomendam|lendo|leggendo|czyta|czytają|läst|læst|gelesen|lu|gelezen|piace|consigliano|leggono|vinden|lezen|lubi|poleca|gillar|läser|liker|leser|læser|нравится|рекомендуют|beğendi";

/// Who pays for a page.
const DONORS_TEXT: &str = "donors|donor|supporters|supporter|backers|backer|members|subscribers|contributors|donations|pledges|\
    spender|unterstützer|unterstützerinnen|förderer|mitglieder|abonnenten|donateurs|soutiens|abonnés|donantes|socios|\
    suscriptores|doadores|apoiadores|assinantes|donatori|sostenitori|abbonati|donateurs|leden|darczyńców|wspierających|\
    stödjare|givare|støttespillere|støtter|спонсоров|подписчиков|жертвователей";

/// What is said of how many do.
const GOALS_TEXT: &str = "given|donated|gespendet|donné|donado|doado|donato|reached|far|goal|target|joined|raised|pledged|needed|to go|erreicht|ziel|fehlen|atteint|objectif|objetivo|\
    dabei|bisher|participé|déjà|jusqu'ici|finora|già|hasta|ya|até|hittills|meta|alcanzado|alcançado|raggiunto|obiettivo|bereikt|doel|cel|nått|mål|nådd|цель|собрано";

/// Beginnings of lines that ask for support.
const DONORS_FIRST_TEXT: &str = "support|help us|help fund|join|unterstützen sie|unterstütze|soutenez|apoya|apoye|sostieni|steun|\
    wesprzyj|stöd|støtt|støt|поддержите|підтримайте";

/// A table whose entries are found by their first character.
#[derive(Debug)]
pub struct Table {
    by_first: HashMap<char, Vec<&'static str>>,
    /// All of them at once, built on first use.
    anywhere: OnceLock<Option<PhraseFinder>>,
}

impl Table {
    fn new(text: &'static str) -> Self {
        let mut by_first: HashMap<char, Vec<&'static str>> = HashMap::new();
        for entry in text.split('|') {
            if let Some(first) = entry.chars().next() {
                by_first.entry(first).or_default().push(entry);
            }
        }
        Self { by_first, anywhere: OnceLock::new() }
    }

    /// The entries, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &'static str> {
        self.by_first.values().flatten().copied()
    }

    /// The entries that could begin `text`.
    fn candidates(&self, text: &str) -> &[&'static str] {
        text.chars().next().and_then(|first| self.by_first.get(&first)).map_or(&[], Vec::as_slice)
    }

    /// Whether `text` is one of the entries.
    pub fn has(&self, text: &str) -> bool {
        self.candidates(text).contains(&text)
    }

    /// What follows the longest entry that `text` begins with, the entry ending where a word ends.
    pub fn after<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.candidates(text)
            .iter()
            .filter_map(|entry| after_words(text, entry))
            .min_by_key(|rest| rest.len())
    }

    /// Whether `text` ends with any entry.
    pub fn ends(&self, text: &str) -> bool {
        self.by_first.values().flatten().any(|entry| text.ends_with(entry))
    }

    /// Whether any entry is in `text`.
    pub fn is_within(&self, text: &str) -> bool {
        let entries = || self.by_first.values().flatten();
        match self.anywhere.get_or_init(|| finder_of(entries())) {
            Some(matcher) => matcher.is_match(text),
            None => entries().any(|entry| text.contains(entry)),
        }
    }
}

fn after_words<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(start)?;
    let inside = start.ends_with(char::is_alphanumeric)
        && rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    (!inside).then_some(rest)
}

/// Beginnings of lines that point elsewhere; they count next to a link or a colon.
pub static POINTERS: LazyLock<Table> = LazyLock::new(|| Table::new(POINTERS_TEXT));
/// Beginnings of lines that ask or offer something, or are about the page and not its subject.
pub static PROMPTS: LazyLock<Table> = LazyLock::new(|| Table::new(PROMPTS_TEXT));
/// Whole lines.
pub static WHOLE: LazyLock<Table> = LazyLock::new(|| Table::new(WHOLE_TEXT));
/// Phrases of offers, anywhere in a short line.
pub static OFFERS: LazyLock<Table> = LazyLock::new(|| Table::new(OFFERS_TEXT));
/// Words of counters: reading time, comments, views.
pub static UNITS: LazyLock<Table> = LazyLock::new(|| Table::new(UNITS_TEXT));
/// Beginnings that also begin sentences: what follows them decides.
pub static ONE_WORD: LazyLock<Table> = LazyLock::new(|| Table::new(ONE_WORD_TEXT));

/// Beginnings of lines that describe the page's own state.
pub static STATES: LazyLock<Table> = LazyLock::new(|| Table::new(STATES_TEXT));
/// What says of an offer how long it lasts.
pub static LEFT: LazyLock<Table> = LazyLock::new(|| Table::new(LEFT_TEXT));
/// What else is in a countdown.
pub static COUNTDOWN: LazyLock<Table> = LazyLock::new(|| Table::new(COUNTDOWN_TEXT));
/// Who is counted on a page.
pub static CROWD: LazyLock<Table> = LazyLock::new(|| Table::new(CROWD_TEXT));
/// What they are counted for.
pub static APPLAUSE: LazyLock<Table> = LazyLock::new(|| Table::new(APPLAUSE_TEXT));
/// Who pays for a page.
pub static DONORS: LazyLock<Table> = LazyLock::new(|| Table::new(DONORS_TEXT));
/// What is said of how many do.
pub static GOALS: LazyLock<Table> = LazyLock::new(|| Table::new(GOALS_TEXT));
/// Beginnings of lines that ask for support.
pub static DONORS_FIRST: LazyLock<Table> = LazyLock::new(|| Table::new(DONORS_FIRST_TEXT));

/// Beginnings of a byline.
pub static BY: LazyLock<Table> = LazyLock::new(|| Table::new(BY_TEXT));
/// Beginnings of captions and credits.
pub static CREDIT_STARTS: LazyLock<Table> = LazyLock::new(|| Table::new(CREDIT_STARTS_TEXT));
/// Ends of captions.
pub static CREDIT_ENDS: LazyLock<Table> = LazyLock::new(|| Table::new(CREDIT_ENDS_TEXT));
/// Words that begin a credit in brackets.
pub static CREDIT_WORDS: LazyLock<Table> = LazyLock::new(|| Table::new(CREDIT_WORDS_TEXT));
