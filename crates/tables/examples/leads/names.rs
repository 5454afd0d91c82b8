//! The words that leads are made of.

/// Peoples who name their children alike, with the form of their companies.
pub(crate) struct People {
    pub(crate) countries: Vec<&'static str>,
    pub(crate) legal_form: &'static str,
    pub(crate) first: Vec<&'static str>,
    pub(crate) last: Vec<&'static str>,
}

impl People {
    /// All of them.
    pub(crate) fn all() -> Vec<Self> {
        let lines: Vec<_> = PEOPLES.trim().lines().collect();
        lines.chunks(3).filter_map(Self::read).collect()
    }

    fn read(lines: &[&'static str]) -> Option<Self> {
        let [home, first, last] = lines else { return None };
        let (countries, legal_form) = home.split_once(": ")?;
        Some(Self {
            countries: countries.split(' ').collect(),
            legal_form,
            first: first.split(", ").collect(),
            last: last.split(", ").collect(),
        })
    }
}

pub(crate) const SOURCES: [&str; 6] =
    ["web form", "trade fair", "partner", "import", "referral", "newsletter"];
pub(crate) const TAGS: [&str; 7] =
    ["inbound", "outbound", "webinar", "emea", "vip", "churned", "größer 1k"];
pub(crate) const TITLES: [&str; 14] = [
    "Chief Executive Officer",
    "Chief Financial Officer",
    "VP Sales",
    "Vice President, Marketing",
    "Head of Data",
    "Leiterin Einkauf",
    "Directeur général",
    "Software Engineer",
    "Founder & CEO",
    "Account Executive",
    "採用担当",
    "Gerente de Operações",
    "HR Business Partner",
    "IT Administrator",
];

pub(crate) const BRANDS: &str = "
    Nordwind Bluebird Kestrel Harbor Juniper Cobalt Meridian Copper Lumen Atlas Orchid
    Granite Falcon Maple Summit Aurora Cedar Delta Ember Fjord Glacier Helix Indigo Krokus
    Lagoon Mosaic Nimbus Onyx Pioneer Quartz Raven Saffron Tundra Umbra Velvet Willow
    Xenon Yarrow Zephyr Bäckerei Señal Ångström Élan
";
pub(crate) const TRADES: &str = "
    Logistics Foods Analytics Robotics Energy Textiles Health Software Media Mobility
    Insurance Capital Labs Systems Steel Optics Marine Paper Travel Learning Security
    Farms Brewing Studios Freight Materials Networks Clinics Games Consulting Timber
    Ceramics Audio Legal Payments Retail
";
/// In place of a branch.
pub(crate) const NONE: &str = "_";
pub(crate) const BRANCHES: &str =
    "_ _ Group International Digital Partners Nord West Global Alpha Plus";

/// Three lines each: countries and form of company, first names, last names. In normal form C.
const PEOPLES: &str = "
US GB IE CA AU: Inc.
Ada, Grace, Sinéad, James, Mary-Ann, Liam, Olivia, Noah, Aoife, Charlotte, Siobhán, Jack, Zoe, Dwayne
O'Brien, Lovelace, Hopper, Smith-Jones, MacDonald, O'Neill, Taylor, Ní Bhriain, Walker, St. John
FR BE LU: SARL
Zoë, Chloé, Jean-Luc, François, Hélène, Théo, Anaïs, Gaël, Noémie, Benoît, Inès, Raphaël
Lefèvre, de la Croix, Dupont, Béranger, D'Aubigné, Saint-Exupéry, Gagné, Maître, Hervé, Le Goff
DE AT CH: GmbH
Björn, Jürgen, Käthe, Anna-Lena, Lukas, Günther, Sören, Mia, Jörg, Franziska, Uwe, Sabine
Müller, Weiß, Schröder, von der Leyen, Groß, Özdemir, Köhler, Schmidt, Jäger, Bäcker, zu Guttenberg
ES MX AR CO: S.A.
José, María José, Iñigo, Lucía, Álvaro, Sofía, Ángel, Martín, Begoña, Raúl, Inés, Joaquín
García, Núñez, Fernández, de la Fuente, Muñoz, Ibáñez, López, Gutiérrez, Peña, Y Gasset, Rodríguez
PT BR: Ltda
João, Conceição, Tomás, Inês, Luís, Antônio, Beatriz, Thaís, Caetano, Íris
da Silva, Gonçalves, Magalhães, dos Santos, Araújo, Simões, Pereira, Conceição, Leão, Sá
PL: Sp. z o.o.
Łukasz, Małgorzata, Paweł, Agnieszka, Wojciech, Bożena, Zofia, Michał, Jędrzej, Elżbieta
Kowalski, Wiśniewska, Wójcik, Dąbrowski, Łęcki, Żuraw, Brzęczyszczykiewicz, Zając, Świątek, Nowak
CZ SK: s.r.o.
Jiří, Tomáš, Kateřina, Šárka, Zdeněk, Ľudmila, Ondřej, Božena, Štěpán, Lucie
Novák, Dvořáková, Černý, Svobodová, Šťastný, Růžička, Horváthová, Kučera, Říha, Žák
SE NO DK: AB
Åsa, Björn, Søren, Ingrid, Göran, Märta, Håkon, Astrid, Øystein, Linnéa, Åke, Kjærsti
Lindström, Ødegård, Sørensen, Åkesson, Nilsson, Bjørnstad, Sjöberg, Kjær, Håkansson, af Klint
IS: ehf.
Ólafur, Guðrún, Þórdís, Björk, Sigurður, Ásta, Jóhann, Ægir, Hrafnhildur, Örn
Jónsson, Guðmundsdóttir, Þorvaldsson, Ólafsdóttir, Sigurðsson, Ásgeirsdóttir, Björnsson
NL BE: B.V.
Daan, Sanne, Joost, Maartje, Pieter-Jan, Zoë, Thijs, Renée, Koen, Loïs
van der Berg, de Vries, van 't Hoff, Jansen, ten Brink, Coëlho, in 't Veld, van den Heuvel, IJzerman
FI EE: Oy
Päivi, Väinö, Jüri, Aino, Mikko, Õie, Tõnu, Kaisa, Yrjö, Heikki
Hämäläinen, Mäkelä, Tamm, Jõgi, Väisänen, Kuusik, Käärmeniemi, Sepp, Öpik
HU RO: Kft.
Zsófia, Gergő, Ștefan, Ioana, Árpád, Ödön, Tünde, Ilinca, Mihály, Răzvan
Szabó, Kőrösi, Popescu, Țurcanu, Nagy, Erdős, Brâncuși, Tóth, Bălan, Győri
TR: A.Ş.
Gülşen, Çağla, Ömer, Elif, Şebnem, Barış, Tuğba, Ümit, Yağız, Emre
Yılmaz, Çelik, Öztürk, Şahin, Güneş, Kılıç, Doğan, Aydın, Koç, Ünal
VN: Co., Ltd
Nguyễn Văn, Thị Mai, Hữu Phước, Đức, Ngọc Ánh, Minh Khôi, Thảo, Quỳnh, Bảo Ngọc, Tuấn
Nguyễn, Trần, Lê, Phạm, Huỳnh, Võ, Đặng, Bùi, Đỗ, Ngô
CN TW SG: Co., Ltd
小明, 伟, 芳, 秀英, 娜, 建国, 丽华, 雪, Wei, Xiao-Ling
王, 李, 张, 刘, 陈, 欧阳, 司马, 林, Wang, Chen
JP: K.K.
太郎, 花子, さくら, 健一, 美咲, ユウキ, 大輔, Haruki, Yōko, Shōta
田中, 佐藤, 鈴木, 高橋, 伊藤, 渡辺, Satō, Ōtani, Takahashi
KR: Co., Ltd
민준, 서연, 지우, 하은, 도윤, Ji-woo, Seo-yeon, Min-jun
김, 이, 박, 최, 정, Kim, Park, 남궁
IN: Pvt. Ltd
Aarav, Priya, Śrīnivāsa, Ananya, Rohan, आरव, प्रिया, Lakshmi, Vikram, Meenakshi
Sharma, Iyer, Patel, Chatterjee, शर्मा, Krishnamurthy, Reddy, Singh, Subramaniam, Rao
GR CY: A.E.
Γιώργος, Ελένη, Νίκος, Μαρία, Sofía, Κώστας, Δέσποινα, Eléni
Παπαδόπουλος, Οικονόμου, Papadopoulou, Γεωργίου, Αντωνίου, Nikolaïdis
UA BG: TOV
Олександр, Ївга, Марія, Юрій, Oksana, Яна, Светослав, Taras
Шевченко, Ковальчук, Петрів, Йорданов, Shevchuk, Бойко, Ющенко
IL AE EG: Ltd
יעל, נועם, Noa, محمد, فاطمة, Layla, Avi, Yūsuf
כהן, לוי, Ben-Ami, الحسن, Al-Farsi, bin Rashid, Mizrahi, Abū Bakr
NG KE GH: Ltd
Chidi, Adébáyò, Ngozi, Wanjirũ, Kwame, Amina, Olúwaṣeun, Nneka, Kofi, Zainab
Okonkwo, Adéyẹmí, Mwangi, Mensah, Ọláńrewájú, Achebe, Odhiambo, Owusu-Ansah, Ibrahim
";
