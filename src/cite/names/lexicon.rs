//! The words within names, as data: particles, titles, and family names that determine an order.
//!
//! Lower case, unless noted. The list of given names belongs to the extractor.

/// Words that stand between given and family name in lower case.
const PARTICLES: &str = "abou abu ad af al ap av bar bat ben bin bint binti da dal dalla dalle das de degli dei del dela della delle \
    dello den der des di do dos du e el ibn im la las le les lo los op ould st te ten ter thoe tot 't ’t um van vande vander vom von \
    vor y zu zum zur بن بنت ابن";

/// The same words if a family writes them with a capital, and words that only begin a family name: they
/// then belong to it.
const FAMILY_BEGINS: &str = "Abu Al Da Dal De Del Della Den Der Di Dos Du El La Le Van Vande Vander Von Ter Ten St. Saint Ste. \
    Ó Ní Nic Mac Ua Ben Bin Ibn Abd Abdel Abdul Fitz أبو ابو آل عبد בן בר אבו אל";

/// German titles that have been part of the family name since 1919, before a particle.
const NOBLE: &str = "freiherr freifrau freiin graf gräfin prinz prinzessin fürst fürstin herzog herzogin ritter edler edle baron \
    baronin markgraf burggraf";

/// Parts that are joined to a family name by a hyphen or an apostrophe.
pub(super) const JOINED: &[&str] = &[
    "ad-", "al-", "an-", "ar-", "as-", "ash-", "at-", "az-", "el-", "ul-", "d'", "d’", "dell'",
    "dell’", "'s-", "’s-",
];

/// Titles before a name that no style includes, in any language.
const HONORIFICS: &str = "mr mr. mrs mrs. ms ms. mx mx. dr dr. drs. prof prof. professor sir dame rev rev. reverend hon. rabbi imam \
    sen. rep. gov. gen. lt. lt.-gen. maj.-gen. col. maj. capt. sgt. cpl. adm. cmdr. cdr. lord lady senator congressman congresswoman \
    ambassador baroness judge justice president father sister msgr. msgr doctor doktor lt.col. lt.-col.";

/// The same by language.
const HONORIFICS_OF: &[(&str, &str)] = &[
    (
        "de",
        "herr frau dr.-ing. dipl.-ing. dipl.-kfm. dipl.-biol. pd med. phil. jur. rer. nat. pol. oec. habil. h.c. h. c. mag. ing. \
         univ.-prof. priv.-doz. dr.med. dr.phil. dr.h.c. professorin dott. bundeskanzler bundeskanzlerin",
    ),
    ("fr", "m. mm. mme mme. mlle mlle. me maître pr pr. monsieur madame docteur professeur"),
    (
        "es",
        "d. dª dña. don doña sr. sra. srta. señor señora lic. lcdo. lcda. dra. ing. arq. profesor profesora doctor doctora",
    ),
    (
        "it",
        "sig. sig.ra sig.na dott. dott.ssa dottor dottoressa avv. prof.ssa on. ing. arch. professoressa professor don",
    ),
    ("pt", "dom dona doutor doutora profa. dra. sr. sra. professora eng."),
    ("nl", "dhr. mevr. mw. ir. mr.dr. prof.dr. dr.ir."),
    ("pl", "pan pani ks. bp abp hab. inż. mgr red."),
    ("cs", "pan paní mgr. bc. mudr. judr. phdr. doc. ing. rndr. mvdr. csc."),
    ("sk", "pán pani mgr. bc. mudr. judr. phdr. doc. ing."),
    ("hu", "özv. dr. prof. id."),
    ("tr", "sayın av. doç. yrd. op."),
    ("ru", "г-н г-жа проф. проф д-р акад. доц. доктор профессор"),
    ("uk", "проф. д-р акад. доц. пан пані"),
    ("el", "κ. κα κος δρ. δρ καθ."),
    ("ar", "د. د أ. أ.د. م. الدكتور الدكتورة دكتور دكتورة الشيخ السيد السيدة الأستاذ"),
    ("he", "ד״ר ד\"ר פרופ׳ פרופ' מר גב׳ גב' הרב עו״ד"),
    ("fa", "دکتر آقای خانم"),
    ("hi", "श्री श्रीमती डॉ. डॉ प्रो. सुश्री"),
    ("vi", "ts. gs. pgs.ts. pgs. ths. bs. ông bà tiến sĩ giáo sư"),
    ("id", "bapak ibu ir. drg. h. hj. drs. dra."),
    ("ca", "sr. sra. dra. en na"),
];

/// Portuguese generations, which are the end of the family name.
const PORTUGUESE_ENDS: &str = "filho filha neto neta júnior junior sobrinho sobrinha segundo";

/// Spanish given names that are often the second of two, and no usual family names.
const SECOND_GIVEN: &str = "carlos luis antonio josé maría manuel miguel ángel javier ignacio alberto pablo fernando enrique ramón \
    jesús eduardo francisco rosa carmen isabel teresa pilar dolores elena ana cristina victoria eugenia luz mercedes belén paz \
    inés rafael julián jaime andrés tomás josep lluís maria manel àngel antoni jordi pau joan esther beatriz patricia alejandro \
    felipe alfonso josefa luisa fernanda margarita lourdes guadalupe augusto césar daniel david sebastián nicolás gabriel emilio";

/// The words that make "María de(l) …" a Marian given name.
const MARIAN: &str = "carmen pilar mar rosario rocío ángeles dolores mercedes luz soledad consuelo lourdes fátima guadalupe remedios \
    nieves socorro concepción paz valle henar camino prado jesús lluc sol";

/// Common family names of Spanish-speaking countries; those that end with "ez" need not be here.
const SPANISH_FAMILIES: &str = "garcía garcia martín romero alonso navarro torres ruiz serrano blanco molina castro ortega rubio marín \
    sanz iglesias garrido castillo santos lozano guerrero cano prieto calvo cruz gallego vidal león herrera peña flores cabrera campos \
    vega fuentes carrasco diez reyes caballero nieto aguilar pascual herrero santana lorenzo montero hidalgo giménez ibáñez ferrer \
    durán vicente benítez mora santiago arias vargas carmona crespo román pastor soto sáez velasco moya soler parra esteban bravo \
    gallardo rojas franco aguirre mendoza rivera ríos rios salazar ortiz morales medina silva espinosa espinoza contreras luna \
    estrada figueroa guzmán miranda padilla paredes pacheco ochoa salinas sandoval rosales robles valencia villanueva zapata zamora \
    cortés cardona cáceres bautista acosta ávila ayala barrios becerra bustos cárdenas cervantes delgado duarte escobar galindo \
    lara macías maldonado mejía molina montes moreno muñoz murillo núñez ojeda osorio palacios ponce quintero ramos roldán rosas \
    salas serra solís tapia toledo trujillo uribe valdés varela vera villa";

/// Family names of Viet Nam.
const VIETNAMESE_FAMILIES: &str = "nguyễn nguyen trần tran lê le phạm pham huỳnh huynh hoàng hoang phan vũ vu võ vo đặng dang bùi bui \
    đỗ do hồ ho ngô ngo dương duong lý ly đinh dinh trịnh trinh trương truong lương luong mai đào dao đoàn doan lâm lam tô thái hà cao \
    châu tạ phùng tống văn quách triệu kiều nghiêm";

/// Chinese family names of two characters.
pub(super) const TWO_CHARACTERS: &[&str] = &[
    "欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "夏侯", "皇甫", "尉迟", "公孙", "公孫",
    "慕容", "司徒", "令狐", "东方", "東方", "独孤", "南宫", "南宮", "端木", "长孙", "宇文", "闻人",
    "赫连", "呼延", "西门", "남궁", "황보", "제갈", "선우", "독고", "사공", "서문", "동방",
];

/// Common Chinese family names of one character: others may be foreign names, or pen names.
pub(super) const ONE_CHARACTER: &str = "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧\
    蕭程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦\
    江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文庞龐樊兰殷施陶洪翟安颜顏倪严嚴牛温溫芦季俞章鲁魯葛伍韦韋申尤毕\
    畢聂聶丛焦向柳邢路岳齐齊沿梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关關苗凌费費纪紀靳盛童欧歐甄项項曲成游阳裴席卫查屈鲍位覃霍翁隋植甘\
    景薄单包司柏宁柯阮桂闵解强柴华车冉房边边";

/// Korean family names of one syllable.
pub(super) const KOREAN: &str = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염\
    여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부";

fn has(table: &str, word: &str) -> bool {
    table.split_ascii_whitespace().any(|w| w == word)
}

/// Whether a word is a particle, as it is written.
pub(super) fn is_particle(word: &str) -> bool {
    has(PARTICLES, word)
}

/// Whether a word begins a family name, as it is written.
pub(super) fn begins_family(word: &str) -> bool {
    has(FAMILY_BEGINS, word)
}

/// Whether a word is a German title before a particle.
pub(super) fn is_noble(word: &str) -> bool {
    has(NOBLE, &word.to_lowercase())
}

/// Whether a word is a title before names, in this language.
pub(super) fn is_honorific(word: &str, language: &str) -> bool {
    let lower = word.to_lowercase();
    let own = HONORIFICS_OF.iter().find(|(of, _)| *of == language).map_or("", |(_, words)| words);
    has(HONORIFICS, &lower) || has(own, &lower)
}

/// Whether a word ends a Portuguese family name and begins none.
pub(super) fn is_portuguese_end(word: &str) -> bool {
    has(PORTUGUESE_ENDS, &word.to_lowercase())
}

/// Whether a Spanish given name is often the second one.
pub(super) fn is_second_given(word: &str) -> bool {
    has(SECOND_GIVEN, &word.to_lowercase())
}

/// Whether a word may follow "María de(l)" in a given name.
pub(super) fn is_marian(word: &str) -> bool {
    has(MARIAN, &word.to_lowercase())
}

/// Whether a word is a common Spanish family name.
pub(super) fn is_spanish_family(word: &str) -> bool {
    let lower = word.to_lowercase();
    has(SPANISH_FAMILIES, &lower) || (lower.chars().count() > 4 && lower.ends_with("ez"))
}

/// Whether a word is a family name of Viet Nam.
pub(super) fn is_vietnamese_family(word: &str) -> bool {
    has(VIETNAMESE_FAMILIES, &word.to_lowercase())
}
