"""Places and people's names. The names are made up, and the telephone ranges are the ones that regulators keep for fiction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phones:
    """A range in E.164: `prefix` and then `digits` free digits."""

    prefix: str
    digits: int

    def number(self, ordinal: int) -> str:
        """The range's number with that ordinal."""
        return f"{self.prefix}{ordinal:0{self.digits}d}"


@dataclass(frozen=True, slots=True)
class Country:
    """Where customers live. `rate` is what one unit of the price list costs in `currency`, of which `cents` digits are used."""

    code: str
    languages: tuple[str, ...]
    currency: str
    time_zone: str
    cities: tuple[tuple[str, str], ...]
    streets: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    phones: Phones | None = None
    rate: float = 1.0
    cents: int = 2


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GERMANY = Country(
    code="DE",
    languages=("de-DE", "de-DE", "de-DE", "tr-TR"),
    currency="EUR",
    time_zone="Europe/Berlin",
    cities=(("Berlin", "10115"), ("Hamburg", "20095"), ("Köln", "50667"), ("Leipzig", "04109"), ("München", "80331")),
    streets=("Ahornweg", "Bahnhofstraße", "Lindenallee", "Am Mühlbach"),
    first_names=_words("Mira Jonas Levke Till Annegret Bastian Frauke Henrik Liv Ruben Swantje Özlem"),
    last_names=_words(
        "Tannhofer Quellmeier Brückenthal Süßmilch Ellerbrodt Kranichfeldt Moorwinkel Ziegelau Habichter Lorbeerin "
        "Ostermoor Pfauenstein Rübsamer Steinwendt Uhlenbruk Veilchner Wacholdt Silberkamm Dornblüth Grünspechtl"
    ),
    phones=Phones("+493023125", 3),
)

BRITAIN = Country(
    code="GB",
    languages=("en-GB",),
    currency="GBP",
    time_zone="Europe/London",
    cities=(("London", "SW1A 1AA"), ("Leeds", "LS1 1UR"), ("Cardiff", "CF10 1EP"), ("Glasgow", "G1 1XQ")),
    streets=("Orchard Lane", "Mill Road", "Station Approach", "Heron Close"),
    first_names=_words("Isla Rowan Maisie Callum Bronwyn Edmund Priya Niall Tamsin Idris Cordelia Ewan"),
    last_names=_words(
        "Thistlewick Oakenshaw Merriburn Pebbleworth Larkmoor Winterquill Hollowby Fennimede Brackenridge Candlemere "
        "Dunwhistle Eastmarrow Foxglade Greyminster Harrowmint Inkersley Juniperley Kestrelby Lambswick O'Tarrowby"
    ),
    phones=Phones("+442079460", 3),
)

AMERICA = Country(
    code="US",
    languages=("en-US", "en-US", "es-US"),
    currency="USD",
    time_zone="America/New_York",
    cities=(("New York", "10001"), ("Boston", "02108"), ("Atlanta", "30303"), ("Pittsburgh", "15222")),
    streets=("Maple Avenue", "Second Street", "Harbor Drive", "Sycamore Court"),
    first_names=_words("Harper Mason Delilah Wyatt Imani Carter Luz Bennett Skye Travis Noor Weston"),
    last_names=_words(
        "Amberfield Briarstone Copperlane Driftwell Everpine Falconreed Goldencreek Hartwillow Ivorydale Jasperhill "
        "Lakemonte Mapletown Northbriar Pinecroft-Vale Quailridge Riverstokes Sandhollow Timberlyn Umberland Willowgate"
    ),
    phones=Phones("+121255501", 2),
)

FRANCE = Country(
    code="FR",
    languages=("fr-FR",),
    currency="EUR",
    time_zone="Europe/Paris",
    cities=(("Paris", "75001"), ("Lyon", "69001"), ("Nantes", "44000"), ("Lille", "59000")),
    streets=("rue des Tilleuls", "avenue du Lavoir", "place du Marché", "chemin des Vignes"),
    first_names=_words("Élodie Bastien Maëlle Corentin Zoé Lucien Apolline Gaël Séverine Yanis Fleur Octave"),
    last_names=_words(
        "Boisjolival Clairefontel Dupréval Étoilenay Fleurimont-Lac Grandchêne Hautepierrel Lavandou-Mer Montrosier Noirépine "
        "Orangelle Petitruisse Quatrevents Rivebleue Sauvignac-Pré Tournesolin Valmuguet Vertbuissey Argentépée Belleroche-Aix"
    ),
    phones=Phones("+3319900", 4),
)

SPAIN = Country(
    code="ES",
    languages=("es-ES", "ca-ES"),
    currency="EUR",
    time_zone="Europe/Madrid",
    cities=(("Madrid", "28001"), ("Sevilla", "41001"), ("Bilbao", "48001"), ("Girona", "17001")),
    streets=("calle del Olmo", "avenida de la Ribera", "plaza Nueva", "camino del Molino"),
    first_names=_words("Lucía Iker Candela Nuño Abril Gonzalo Martina Álvaro Ximena Pau Inés Leandro"),
    last_names=_words(
        "Almendrosa Bosquejuela Campoverdín Doncellar Encinarejo Florestera Granadilla Hortensiano Jaralón Lagunilla-Paz "
        "Manzanedro Naranjuelo Olivarés Palomarejo Quejigal Riveralta Sotomirlo Trigalejo Valdefuego Zarzamoral"
    ),
)

ITALY = Country(
    code="IT",
    languages=("it-IT",),
    currency="EUR",
    time_zone="Europe/Rome",
    cities=(("Roma", "00118"), ("Torino", "10121"), ("Bologna", "40121"), ("Bari", "70121")),
    streets=("via dei Glicini", "corso del Lago", "piazza del Pozzo", "via San Timo"),
    first_names=_words("Giada Nicolò Ludovica Tommaso Azzurra Ettore Mirta Jacopo Noemi Dario Ilaria Fulvio"),
    last_names=_words(
        "Acquarossa Boscolieto Cantalupone Dolcemare Erbabuona Fontechiari Girasolini Leprotti-Sala Montelieve Nocciolari "
        "Ortofresco Pratolungo Quercialta Roccasole Salicetti Terradoro Uccellanti Vignabella Ventopiano D'Arcobaleno"
    ),
)

SWEDEN = Country(
    code="SE",
    languages=("sv-SE", "sv-SE", "fi-SE"),
    currency="SEK",
    time_zone="Europe/Stockholm",
    cities=(("Stockholm", "111 20"), ("Göteborg", "411 01"), ("Umeå", "903 20"), ("Lund", "222 22")),
    streets=("Björkgatan", "Storgatan", "Sjövägen", "Kvarnstigen"),
    first_names=_words("Saga Viggo Ebba Torsten Alva Hjalmar Tuva Sixten Märta Loke Ylva Åke"),
    last_names=_words(
        "Älgsten Björkensund Dalkvarna Ekhammarby Fjällvinge Granlöv Havsbris Istorpa Järvström-Ek Kornblom "
        "Lingonberga Måneskog Norrklippa Orrsjö Pilkvista Rönnvåg Skärsund-Li Tallmark Ugglevik Vintergata"
    ),
    phones=Phones("+468465004", 2),
    rate=11.0,
)

NETHERLANDS = Country(
    code="NL",
    languages=("nl-NL",),
    currency="EUR",
    time_zone="Europe/Amsterdam",
    cities=(("Amsterdam", "1012 AB"), ("Utrecht", "3511 AA"), ("Groningen", "9711 AB"), ("Breda", "4811 AA")),
    streets=("Molenstraat", "Kanaalweg", "Tulpenlaan", "Dorpsplein"),
    first_names=_words("Fenna Daan Jikke Sjoerd Maud Teun Roos Wessel Lotte Gijs Noortje Bram"),
    last_names=_words(
        "Appelveld Bloemendijk Dauwmeer Eikenhoeve Fietsema Grasbergen Heidekamp IJsvogelaar Korenwijk Lisdodde "
        "Maanwater Noordertuin Oeverbeek Populier-Smit Rietzanger Schelpenstrand Tulpenaer Uilenhof Vlinderslot Zilverduin"
    ),
)

JAPAN = Country(
    code="JP",
    languages=("ja-JP",),
    currency="JPY",
    time_zone="Asia/Tokyo",
    cities=(("Tokyo", "100-0001"), ("Osaka", "530-0001"), ("Sapporo", "060-0001"), ("Fukuoka", "810-0001")),
    streets=("Hanamizuki-dori", "Kawabata-cho", "Sakurazaka", "Midorigaoka"),
    first_names=_words("Haruka Sōta Mio Ren Chihiro Daiki Yuzuki Takumi Honoka Itsuki Kaede Shūhei"),
    last_names=_words(
        "Minasato Hoshigawara Tsukimine Kazemori Amanobashi Shirohamada Kurogane-Ito Momozono Yukimachi Asagirida "
        "Nijimura Takenosawa Umibezaki Fujinomori Hanashiro-Oka Iwatsubame Komorebi Suzukaze Tokiwadai Wakabayama"
    ),
    rate=160.0,
    cents=0,
)

BRAZIL = Country(
    code="BR",
    languages=("pt-BR",),
    currency="BRL",
    time_zone="America/Sao_Paulo",
    cities=(("São Paulo", "01000-000"), ("Recife", "50000-000"), ("Curitiba", "80000-000"), ("Belém", "66000-000")),
    streets=("rua das Palmeiras", "avenida da Praia", "travessa do Ipê", "rua do Sabiá"),
    first_names=_words("Iara Caio Luana Raul Janaína Otávio Bruna Davi Cecília Ícaro Flora João"),
    last_names=_words(
        "Açucena Bananeiro Cajuzal Dourado-Mar Estrelaria Flamboyão Goiabal Horizontino Ipêamarelo Jasmineiro "
        "Laranjal-Luz Mangabeiro Nuvemclara Orquídeo Pitangal Quaresmeiro Riachuelense Sabiáverde Tamarindo-Sol Urucuzal"
    ),
    rate=6.0,
)

COUNTRIES = (GERMANY, BRITAIN, AMERICA, FRANCE, SPAIN, ITALY, SWEDEN, NETHERLANDS, JAPAN, BRAZIL)

EMPLOYERS = ("brightmoor.example", "nordlicht.example", "quillworks.example", "tidewater.example")
