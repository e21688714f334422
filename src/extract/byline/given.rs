//! Given names of many countries, to find which end of a name is the given name.
//!
//! Our own list of common ones, without genders; it adds to the list that pronouns are matched by. Names
//! that are as common as family names ("Martin", "Thomas" stay: they are given more often) are here only
//! where the press has them as given names. Deliberately short: an unknown name decides nothing.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::extract::names::first_name_gender;

/// Spanish, Catalan, Galician, Basque and Portuguese.
const IBERIAN: &str = "aarón abel abraham adela adolfo adriana adrián agustín aitor alba alberto alejandra alejandro alejo alexandre \
    alfonso alfredo alicia almudena álvaro amaia amalia amparo ana anabel andrea andrés andreu ángel ángela ángeles angelina \
    antoni antonia antonio antónio araceli ariadna arnau arturo asunción aurora bartolomé beatriz begoña belén benito bernardo \
    berta blanca borja bruno caio camila camilo candela carla carles carlos carlota carme carmen carolina catalina cecilia césar \
    clara claudia clemente concepción consuelo cristian cristina cristóbal dalia damián daniel daniela darío david débora delia \
    diana diego dolores domingo duarte edgar eduardo elena elías elisa elsa elvira emilia emilio emma enric enrique ernesto \
    esperanza esteban estela esther eugenia eugenio eva evaristo fabián fabiola fátima federico felipe fernanda fernando fermín \
    fidel flávio florencia francesc francisca francisco gabriel gabriela gemma gerardo germán gilberto gisela gonçalo gonzalo \
    graciela gregorio guadalupe guillem guillermo gustavo héctor heitor helena hernán hilda hugo humberto ibon ignacio igor iker \
    imma inés inês inmaculada irene iria iris isaac isabel isidro ismael iván ivana jacinto jacobo jaime jairo jaume javier \
    jerónimo jesús joana joão joaquín joaquim joel jon jordi jorge josé josep josefa josefina josu juan juana juanjo julia \
    julián juliana julieta julio jusep karina lara laura leandro leonardo leonor leopoldo leticia lídia lidia lilia liliana lina \
    lola lorena lorenzo lourdes lucas lucía lúcia luciana luciano luis luís luisa luiz luz macarena magdalena maite manel manoel \
    manuel manuela mar marc marcela marcelino marcelo marcos margarida margarita maría maria mariana mariano maricarmen marina \
    mario marisa marisol marta martín mateo matías mauricio maurício mauro máximo mayte melissa mercè mercedes micaela miguel \
    mikel milagros miquel míriam miriam modesto mónica montse montserrat nacho nadia natalia nekane neus nicolás nieves noelia \
    noemí núria nuria octavio olga oriol óscar otávio pablo paco paloma pamela paola patricia paula paulina paulo pedro pere pep \
    pepe pilar priscila purificación rafael rafaela raimundo ramón raquel raúl rebeca regina reinaldo renata renato ricard \
    ricardo rita roberto rocío rodrigo rogelio román romina rosa rosalía rosana rosario rubén ruth salvador samuel sandra santi \
    santiago sara saúl sebastián sergi sergio silvia silvina simón sofía sol soledad sonia susana tamara tatiana telmo teo teresa \
    tiago thiago tomás tomàs ulises úrsula valentina valeria vanesa vera verónica vicente víctor victoria virginia viviana \
    vinícius wálter ximena xabier xavi xavier yago yaiza yolanda zoe";

/// Hungarian.
const HUNGARIAN: &str = "ádám ágnes ágoston ákos alíz ambrus andor andrás andrea anett anikó anita anna antal ápolka árpád attila \
    aurél balázs bálint barbara barna barnabás béla benedek bence benjámin bernadett bertalan boglárka borbála boldizsár botond \
    brigitta csaba csilla csongor dalma dániel dávid dénes dezső dóra dorina dorottya edina edit elemér előd emese endre enikő \
    erika ernő ervin erzsébet eszter éva fanni ferenc flóra fruzsina gábor gergely gergő géza gizella gusztáv gyöngyi györgy \
    györgyi gyula hajnalka henrik hedvig henrietta hunor ibolya ildikó ilona imre irén irma istván iván izabella janka jános \
    jenő józsef judit júlia julianna kálmán kamilla károly katalin kata kinga kitti klára klaudia kornél kornélia krisztián \
    krisztina lajos lászló laura lehel levente lilla lili lóránt lőrinc luca lujza magdolna magda márk márkus márta márton mária \
    marianna marietta máté mátyás melinda mihály miklós milán miklósné mónika nándor nikolett nikoletta noémi norbert nóra olivér \
    olívia orsolya oszkár ottó ödön pál pálma panna pázmány péter petra piroska ráhel regina réka renáta rezső richárd rita \
    róbert roland rozália rudolf sándor sára sarolta simon szabina szabolcs szilvia szilveszter szilárd tamara tamás tekla teréz \
    terézia tibor tímea tivadar tünde vajk valéria vanda vera veronika viktor viktória vilma vilmos vince virág vivien zita zoé \
    zoltán zsanett zsigmond zsófia zsolt zsombor zsuzsa zsuzsanna zsuzsi";

/// Given to both, or not on the list that gives genders.
const OTHERS: &str = "alex sam chris jan kim pat robin taylor jordan casey morgan juli jamie jessie lee dana terry tracy leslie kerry \
    shannon ashley avery riley quinn blake drew skyler max nico andrea sasha misha zhenya toni gabriele simone michele nicola \
    luca giulio giulia matteo davide lorenzo gianni giovanni paolo pietro stefano enrico ilaria federica elisa alessandro \
    alessandra antonella roberta vincenzo salvatore tommaso edoardo francesco francesca marco anouk bram daan sander joost \
    maarten pieter willem wouter jeroen marieke femke sanne lotte inge johan lars sven björn jonas erik anders mats nils olof \
    per pär karin kerstin lena birgitta gunilla åsa elin linnéa søren mette rasmus kasper ida signe camilla trine bjørn kari \
    marit sigrid jari mikko pekka matti juha antti timo päivi tuula riitta agnieszka małgorzata katarzyna joanna paweł piotr \
    tomasz krzysztof michał łukasz marcin wojciech grzegorz jakub mateusz zofia jana jiří petr tomáš pavel martin lukáš ondřej \
    tereza lenka hana martina dmitri dmitry sergei sergey alexei aleksei ivan yuri vladimir mikhail nikolai pavel oleg igor \
    светлана ольга елена анна мария наталья ирина татьяна екатерина юлия дмитрий сергей алексей андрей михаил николай владимир \
    иван александр александра павел олег игорь максим евгений виктор антон денис роман олена ірина юрій сергій андрій микола \
    тарас mehmet ahmet mustafa ali hüseyin hasan ibrahim ayşe fatma emine zeynep elif murat emre burak can deniz hiroshi takashi \
    kenji yuko akira naoki satoshi kazuo haruki jean-luc jean-paul jean-pierre jean-claude marie-claude anne-marie anne-sophie \
    françois frédéric stéphane jérôme benoît étienne rémi loïc yann maël hélène agnès cécile élodie aurélie amélie célia chloé \
    bénédicte jeanne luc guillaume mathieu matthieu nicolas olivier pascal thierry xavier yves gilles hervé florian jürgen jörg \
    uwe ralf dirk torsten thorsten holger detlef günter günther wolfgang hans klaus karl-heinz heinz friedrich johannes lukas \
    leon finn paul felix moritz anke silke ute antje kathrin katharina franziska johanna ines svenja maike meike bea ada iris \
    mae lou ed joan tom ben dan jim joe rob bob bill will matt mike nick tim ted ron ken greg jeff steve dave pete phil andy tony";

/// Family names of China, Korea, Japan and Viet Nam in Latin letters: they are first at home.
const EAST_ASIAN_FAMILIES: &str = "li wang zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma luo liang song zheng \
    xie han tang feng yu dong xiao cheng cao yuan deng peng zeng lu lü su jiang cai jia ding wei xue ye yan pan du dai xia zhong tian \
    ren fan fang shi yao tan liao zou xiong jin hao kong bai cui kang mao qiu qin gu hou shao meng long wan duan lei qian tao xi tsai \
    kim lee park choi jung jeong kang cho yoon jang lim shin kwon hwang ahn song hong moon yang baek seo nam heo roh noh bae \
    sato satō suzuki takahashi tanaka watanabe ito itō yamamoto nakamura kobayashi kato katō yoshida yamada sasaki yamaguchi matsumoto \
    inoue kimura hayashi shimizu saito saitō mori abe ikeda hashimoto ishikawa ogawa fujita okada goto gotō hasegawa murakami kondo \
    ishii maeda fujii endo aoki sakamoto fukuda nishimura ota ōta miura nakajima kishida \
    nguyễn nguyen trần tran lê phạm pham huỳnh huynh hoàng hoang phan vũ vo võ đặng dang bùi bui đỗ ngô ngo dương duong lý đinh dinh \
    trịnh trinh trương truong lương luong mai hồ đào dao";

/// Whether a word is a common family name of East Asia in Latin letters, in any case.
#[must_use]
pub(crate) fn is_east_asian_family(word: &str) -> bool {
    let lower = word.to_lowercase();
    EAST_ASIAN_FAMILIES.split_ascii_whitespace().any(|name| name == lower)
}

static GIVEN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    [IBERIAN, HUNGARIAN, OTHERS].iter().flat_map(|names| names.split_ascii_whitespace()).collect()
});

static HUNGARIAN_GIVEN: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| HUNGARIAN.split_ascii_whitespace().collect());

/// Whether a word is a common given name, in any case.
#[must_use]
pub(crate) fn is_given(word: &str) -> bool {
    let lower = word.to_lowercase();
    GIVEN.contains(lower.as_str()) || first_name_gender(&lower).is_some()
}

/// Whether a word is a common Hungarian given name, in any case.
#[must_use]
pub(crate) fn is_hungarian_given(word: &str) -> bool {
    HUNGARIAN_GIVEN.contains(word.to_lowercase().as_str())
}

/// Whether a word is an initial, or several in one: "J.", "J.R.R.", "J", "Ж.".
#[must_use]
pub(crate) fn is_initial(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let dots = word.chars().filter(|c| *c == '.').count();
    let is_upper = word.chars().next().is_some_and(char::is_uppercase);
    is_upper && ((letters == 1 && dots <= 1) || (dots >= 1 && letters <= dots * 2 && letters <= 6))
}
