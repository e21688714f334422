//! Lines of walls, offers and consent, and sentences that are not.

use super::*;

#[test]
fn walls_are_known_in_every_language_and_sentences_are_none() {
    for line in [
        "Subscribe to continue reading",
        "Nur für Abonnenten: weiterlesen mit Post+",
        "Il vous reste 80 % de cet article à lire. La suite est réservée aux abonnés.",
        "Contenido exclusivo para suscriptores",
        "Conteúdo exclusivo para assinantes",
        "Contenuto riservato agli abbonati",
        "Dit artikel is alleen voor abonnees",
        "Artykuł dostępny tylko dla prenumeratorów",
        "Celý obsah pouze pro předplatitele",
        "Endast för prenumeranter",
        "Kun for abonnenter",
        "Artiklen er kun for abonnenter",
        "Материал доступен только подписчикам",
        "Матеріал доступний лише для передплатників",
        "Μόνο για συνδρομητές",
        "Yalnızca aboneler okuyabilir",
        "Artikel ini khusus untuk pelanggan",
        "هذا المقال للمشتركين فقط",
        "הכתבה המלאה למנויים בלבד",
        "این مطلب ویژه مشترکان است",
        "यह लेख केवल सदस्यों के लिए है",
        "本文为付费内容，订阅后可阅读全文",
        "本文為付費內容",
        "この記事は有料会員限定です。残り1200文字",
        "残り843文字",
        "이 기사는 유료 회원 전용입니다",
    ] {
        assert_eq!(of_lower(&line.to_lowercase()), Some(Wall::Here), "{line}");
    }
    for line in [
        "To go on and read the full story, log in",
        "Jetzt anmelden und den ganzen Artikel lesen",
        "Connectez-vous pour poursuivre votre lecture",
        "Om verder te lezen: neem een abonnement",
        "Logg inn for å lese hele saken",
        "Log ind for at læse videre",
        "Zaloguj się, aby przeczytać cały artykuł",
        "Войдите, чтобы дочитать материал",
        "Okumaya devam etmek için giriş yapın",
        "ログインすると続きを読むことができます",
        "구독하면 기사 전문을 볼 수 있습니다",
        "登录后阅读全文",
        "Samo za pretplatnike",
    ] {
        assert_eq!(of_lower(&line.to_lowercase()), Some(Wall::Here), "{line}");
    }
    assert_eq!(of_lower("already a subscriber? sign in"), Some(Wall::Beside));
    for line in [
        "the paper lost subscribers",
        "die abonnenten zahlen mehr",
        "会员大会昨天举行",
        "残りの試合",
    ] {
        assert_eq!(of_lower(line), None, "{line}");
    }
    let is_offer = |words| is_offer(words, crate::extract::phrase_lists::scan(words));
    assert!(is_offer(
        "Testen Sie jetzt unser Angebot einen Monat lang für nur 2,95 Euro pro Woche, jederzeit kündbar."
    ));
    assert!(!is_offer(
        "Rents rose to 900 euros per month, twice what they were, the council said."
    ));
    assert!(!is_offer("She had to register to continue reading."));
}

#[test]
fn consent_counts_partners_in_every_language() {
    for line in [
        "We and our 812 partners store information on a device, such as cookies.",
        "Wir und unsere 1.024 Partner speichern Informationen auf einem Gerät.",
        "Avec votre accord, nos 234 partenaires et nous utilisons des cookies.",
        "Nosotros y nuestros 812 socios almacenamos información en un dispositivo.",
        "Nós e os nossos 812 parceiros guardamos cookies.",
        "Noi e i nostri 812 partner archiviamo informazioni sul dispositivo, come i cookie.",
        "Wij en onze 812 partners gebruiken cookies.",
        "My i nasi 812 partnerzy przechowujemy pliki cookie.",
        "My a našich 812 partnerů ukládáme soubory cookie.",
        "Vi och våra 812 partners lagrar cookies.",
        "Vi og våre 812 partnere lagrer informasjonskapsler.",
        "Vi og vores 812 partnere gemmer cookies.",
        "Мы и наши 812 партнеров храним файлы cookie.",
        "Ми та наші 812 партнерів зберігаємо файли cookie.",
        "Εμείς και οι 812 συνεργάτες μας αποθηκεύουμε cookies.",
        "Biz ve 812 iş ortağımız çerezleri saklıyoruz.",
        "Kami dan 812 mitra kami menyimpan cookie.",
        "نحن وشركاؤنا البالغ عددهم 812 نستخدم ملفات تعريف الارتباط.",
        "אנחנו ו-812 השותפים שלנו שומרים עוגיות.",
        "ما و ۸۱۲ شریک ما کوکی‌ها را ذخیره می‌کنیم.",
        "हम और हमारे 812 भागीदार कुकी का उपयोग करते हैं।",
        "我们和我们的812家合作伙伴使用cookie存储信息。",
        "当社と812社のパートナーはクッキーを使用します。",
        "당사와 812개 파트너는 쿠키를 사용합니다.",
        "Me ja 812 kumppaniamme tallennamme evästeitä.",
        "Mi és 812 partnerünk sütiket tárolunk az eszközön.",
        "Noi și cei 812 parteneri ai noștri stocăm informații pe un dispozitiv.",
        "My a našich 812 partnerov ukladáme informácie do zariadenia.",
        "Ние и нашите 812 партньори съхраняваме бисквитки.",
    ] {
        assert!(counts_partners(&line.to_lowercase()), "{line}");
    }
    for line in ["the firm and its three partners made the device", "12 partners left the law firm"]
    {
        assert!(!counts_partners(line), "{line}");
    }
    for line in
        ["wir und unsere 812 partner", "mi és 812 partnereink", "noi și 9 partenerii noștri"]
    {
        assert!(asks_for_consent(line), "{line}");
    }
}

#[test]
fn past_times_are_distinguished_from_sentences_and_dates() {
    for line in [
        "vor 5 minuten",
        "il y a 3 heures",
        "hace 5 minutos",
        "há 2 horas",
        "5 minuti fa",
        "5 minuten geleden",
        "5 minut temu",
        "před 5 minutami",
        "för 5 minuter sedan",
        "for 5 minutter siden",
        "5 минут назад",
        "5 хвилин тому",
        "πριν από 5 λεπτά",
        "5 dakika önce",
        "5 menit yang lalu",
        "منذ 5 دقائق",
        "לפני 5 דקות",
        "۵ دقیقه پیش",
        "5 मिनट पहले",
        "5分钟前",
        "5 分鐘前",
        "5分前",
        "5분 전",
        "gerade eben",
    ] {
        assert!(is_ago(line), "{line}");
    }
    for line in [
        "5",
        "5月4日",
        "14日",
        "vor 5 jahren war das anders",
        "5 tage nach dem brand",
        "the 5 minutes",
        "",
    ] {
        assert!(!is_ago(line), "{line}");
    }
}

#[test]
fn lines_that_reserve_rights_are_known() {
    for line in [
        "copyright 2024 the mill post. reuse is not allowed without permission.",
        "© 2024 the mill post",
        "copyright (c) 2024 ap",
        "alle rechte vorbehalten.",
        "無断転載を禁じます",
        "все права защищены",
    ] {
        assert!(reserves_rights(line, crate::extract::phrase_lists::scan(line)), "{line}");
    }
    let line = "copyright law protects them, the court said.";
    assert!(!reserves_rights(line, crate::extract::phrase_lists::scan(line)));
}
