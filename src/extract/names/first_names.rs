//! Common first names and the gender they imply.
//!
//! Our own short list of names common in the press of many countries; names given to both are left
//! out. Deliberately short: an unknown name fits every pronoun.

use super::Gender;

const FEMALE: &str = "mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley \
    kimberly emily donna michelle carol amanda melissa deborah stephanie rebecca laura helen sharon cynthia kathleen amy angela \
    shirley anna ruth brenda pamela nicole katherine virginia catherine christine samantha debra janet rachel carolyn emma maria \
    heather diane julie joyce evelyn joan victoria kelly christina lauren frances martha judith cheryl megan andrea olivia ann \
    jean alice jacqueline hannah doris kathryn gloria teresa sara janice marie julia grace judy theresa rose beverly denise \
    marilyn amber danielle brittany diana abigail jane lori mia isabella sophia charlotte amelia ella chloe zoe claire lucy \
    hillary ivanka melania carly kellyanne nikki elena sofia lucia lucía carmen ana anne isabel pilar rosa marta cristina paula \
    raquel silvia beatriz mónica monica patrizia chiara giulia francesca giorgia ursula angela annalena sabine petra monika \
    katrin anja birgit heike claudia nadine sophie camille manon léa lea marine valérie isabelle nathalie sylvie hélène élisabeth \
    fernanda camila mariana juliana luciana adriana dilma marina simone gabriela valentina daniela alejandra fatima fátima aisha \
    amina layla leila mariam zainab noor yasmin priya anita sunita kavita sonia indira mei yuki sakura keiko naomi olga natalia \
    natasha irina tatiana svetlana yulia oksana anastasia ingrid astrid greta freja linnea ingeborg sanna theresa liz kate katie \
    kathy cathy becky debbie sue suzanne tina tracy wendy yvonne gail gwen ellen eileen edith eleanor esther florence gina \
    hazel heidi holly irene iris ivy jill joanna joanne josephine kristen kristin loretta louise lynn mabel maggie mandy \
    marjorie maureen melanie meredith michele mildred miriam molly nadia nina nora norma paige penelope peggy phyllis priscilla \
    regina rhonda rita roberta rosemary roxanne sally shannon sheila stella sylvia tammy tamara tara tiffany tulsi vanessa vera \
    veronica vivian yolanda mona wanda dolores elaine ingeborg jo-ann condoleezza madeleine janelle megyn gretchen rosie \
    beyoncé oprah whoopi khloé kim kamala jill michelle usha lara letitia pam kristi elise marjorie lindsey-ann ilhan rashida \
    alexandria ayanna nydia tammy kirsten dianne mazie lisa susan joni deb marsha maxine barbara";
const MALE: &str = "james robert john michael david william richard joseph thomas charles christopher daniel matthew anthony mark donald \
    steven paul andrew joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary nicholas eric \
    jonathan stephen larry justin scott brandon benjamin samuel gregory alexander frank patrick raymond jack dennis jerry tyler \
    aaron jose josé adam nathan henry douglas zachary peter kyle noah ethan jeremy walter christian keith roger terry austin \
    sean gerald carl harold dylan arthur lawrence jordan jesse bryan billy bruce gabriel joe logan alan juan albert willie \
    elijah wayne randy vincent mason roy ralph bobby russell bradley philip eugene ted marco jeb ben rand mitt barack mike \
    chris rick jim bob bill tom tim dan steve greg jeff matt dave don ron ken tony al ed fred hank ray sam tommy jimmy johnny \
    danny corey paul reince newt rudy sean rush glenn bernie martin lincoln josh harry mitch chuck john lindsey ash omar tariq \
    luis carlos jorge miguel antonio francisco manuel pedro alejandro fernando sergio diego javier pablo ricardo eduardo rafael \
    alberto raúl raul mariano felipe ignacio andrés álvaro enrique gustavo hugo julio mario óscar oscar víctor victor luiz \
    joão joao jair geraldo ciro aécio paulo marcelo fábio rodrigo thiago gilberto giuseppe matteo luca marco silvio paolo \
    giovanni alessandro stefano andrea-luca franz friedrich olaf frank-walter markus christian jens heiko sigmar wolfgang horst \
    hans jürgen klaus dieter stefan uwe bernd thorsten lars karl otto emmanuel françois francois nicolas jean-luc jean-marie \
    bruno gérald gabriel édouard édouard pierre michel philippe laurent alain éric louis antoine mohammed muhammad mohamed \
    ahmed ahmad ali hassan hussein ibrahim mahmoud khalid abdullah yusuf omar mustafa bashar recep benjamin naftali yair yitzhak \
    ehud shimon narendra rahul amit rajesh sanjay vijay arvind imran nawaz vladimir dmitry sergei sergey alexei aleksei mikhail \
    boris igor ivan nikolai yuri volodymyr viktor andrzej donald-tusk jarosław lech mateusz piotr tomasz kofi nelson jacob-z \
    thabo cyril goodluck xi li-wei kenji shinzo hiroshi taro fumio jens-stoltenberg erik magnus nils sven lars-erik olof \
    herbert howard hugh ian isaac jared jerome julian kurt leon leonard leo lloyd louis luke malcolm marcus marvin maurice max \
    melvin milton morgan-j neil nelson norman oliver owen perry preston quentin reginald rex rodney ross rupert ruben \
    simon spencer stanley stuart sylvester terrence theodore todd travis trevor troy vernon wallace warren wesley wilbur \
    woodrow dean dean-j derek dexter duane dwight earl edgar edwin elliott elmer ernest evan everett felix floyd francis \
    franklin garrett gilbert glen gordon grant harvey herman barry bernard bryce calvin cameron carlton cecil chad chester \
    clarence clark claude clayton clifford clinton-j clyde cody craig curtis cedric cliff archie alfred alex allan allen alvin \
    andre andy angus daron dinesh kanye jay snoop elon jeff-b keir boris rishi tony gordon-b nigel jeremy jd vance-j barron dag";

/// The gender of a first name in lower case.
pub(super) fn gender(word: &str) -> Option<Gender> {
    use std::collections::HashMap;
    use std::sync::LazyLock;
    static NAMES: LazyLock<HashMap<&'static str, Option<Gender>>> = LazyLock::new(|| {
        let mut map: HashMap<&'static str, Option<Gender>> = HashMap::new();
        for (list, gender) in [(FEMALE, Gender::Female), (MALE, Gender::Male)] {
            for name in list.split_ascii_whitespace() {
                map.entry(name)
                    .and_modify(|known| *known = known.filter(|k| *k == gender))
                    .or_insert(Some(gender));
            }
        }
        map
    });
    NAMES.get(word).copied().flatten()
}
