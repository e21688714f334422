#!/usr/bin/env python3
"""Writes the corpus of pages from the stories: `python3 tests/corpus/pages/make.py`.

Owns how an invented outlet's template looks and what turns over between two fetches of one page.
The stories are under `stories/`; their form:

    === slug | kind | day | byline;byline [| language]
    # headline            ~ standfirst           ## subheading        - item of a list
    > block quote         | table row            ! note: a notice (also ^ + x)
    @ time | words | heading of an entry of a live blog
    {Speaker|“words”}     a quotation; {+|…} continues the one before, {?|…} has no named speaker
    <<words=value>>       a figure that is looked for; without a value only its words are

Everything comes from the stories and from seeded random numbers, so a second run changes nothing.
"""
import html, json, pathlib, random, re, shutil

HERE = pathlib.Path(__file__).parent
QUOTE = re.compile(r"\{([^{}|]+)\|([^{}]*)\}")
FIGURE = re.compile(r"<<([^<>=]+)(?:=([^<>]+))?>>")
MARKS = "\"'“”‘’«»„ \u00a0"


def stories():
    for path in sorted((HERE / "stories").glob("*.txt")):
        for part in path.read_text("utf-8").split("=== ")[1:]:
            lines = [line for line in part.strip().split("\n") if line.strip()]
            fields = [f.strip() for f in lines[0].split("|")]
            story = {
                "slug": fields[0], "kind": fields[1], "day": fields[2],
                "byline": [b.strip() for b in fields[3].split(";")],
                "language": fields[4] if len(fields) > 4 else "en",
                "headline": lines[1][2:], "blocks": [], "quotes": [], "figures": [],
            }
            for line in lines[2:]:
                mark, _, rest = line.partition(" ")
                kinds = {"~": "standfirst", "##": "heading", "-": "item", ">": "quote", "|": "row",
                         "!": "notice", "^": "notice", "+": "notice", "x": "notice", "@": "entry"}
                if mark not in kinds:
                    story["blocks"].append(("p", plain(line, story)))
                elif mark == "@":
                    story["blocks"].append(("entry", [c.strip() for c in rest.split("|")]))
                elif kinds[mark] == "notice":
                    kind, _, words = rest.partition(": ")
                    story["blocks"].append(("notice", (kind, plain(words, story))))
                elif mark == "|":
                    story["blocks"].append(("row", [c.strip() for c in rest.split("|")]))
                else:
                    story["blocks"].append((kinds[mark], plain(rest, story)))
            yield story


def plain(line, story):
    """The words of a line; what is marked in it is noted in the story."""
    for value in FIGURE.finditer(line):
        story["figures"].append({"text": value[1], "value": value[2]})
    line = FIGURE.sub(lambda m: m[1], line)
    for value in QUOTE.finditer(line):
        words = value[2].strip(MARKS)
        if value[1] == "+":
            story["quotes"][-1]["text"] += " " + words
        else:
            speaker = None if value[1] == "?" else value[1]
            story["quotes"].append({"text": words, "speaker": speaker})
    return QUOTE.sub(lambda m: m[2], line)


# ---- what is around an article -----------------------------------------------------------------

WORDS = {
    "en": dict(read="Read more:", news="Sign up for our morning newsletter", app="Get the app", share="Share this article",
               most="Most read", related="Related stories", comments="Comments", ad="Advertisement", cookie="We and our 214 partners use cookies. You can accept or manage your choices.",
               about="About the author", photo="Photograph", by="By", pub="Published", home="Home", rate="How useful was this article?", qr="Scan the QR code to download our app",
               sub="Subscribe now for $1 a week", reply="Reply", min="min read", later="Updated"),
    "es": dict(read="Lea también:", news="Suscríbase a nuestro boletín diario", app="Descargue la aplicación", share="Compartir", most="Lo más leído", related="Noticias relacionadas", comments="Comentarios", ad="Publicidad", cookie="Utilizamos cookies propias y de terceros. Puede aceptarlas o configurarlas.",
               about="Sobre la firma", photo="Foto", by="Por", pub="Publicado", home="Inicio", rate="¿Le ha resultado útil?", qr="Escanee el código QR", sub="Suscríbase por 1 € al mes", reply="Responder", min="min de lectura", later="Actualizado"),
    "fr": dict(read="Lire aussi :", news="Inscrivez-vous à notre lettre du matin", app="Téléchargez l’application", share="Partager", most="Les plus lus", related="Sur le même sujet", comments="Commentaires", ad="Publicité", cookie="Nous et nos partenaires utilisons des cookies. Accepter ou paramétrer.",
               about="À propos de l’auteur", photo="Photo", by="Par", pub="Publié", home="Accueil", rate="Cet article vous a-t-il été utile ?", qr="Scannez le code QR", sub="Abonnez-vous pour 1 €", reply="Répondre", min="min de lecture", later="Mis à jour"),
    "de": dict(read="Lesen Sie auch:", news="Melden Sie sich für unseren Newsletter an", app="Jetzt App laden", share="Teilen", most="Meistgelesen", related="Mehr zum Thema", comments="Kommentare", ad="Anzeige", cookie="Wir und unsere Partner verwenden Cookies. Alle akzeptieren oder Einstellungen.",
               about="Zur Person", photo="Foto", by="Von", pub="Veröffentlicht", home="Startseite", rate="War dieser Artikel hilfreich?", qr="QR-Code scannen", sub="Jetzt für 1 € testen", reply="Antworten", min="Min. Lesezeit", later="Aktualisiert"),
    "pt": dict(read="Leia também:", news="Assine a nossa newsletter", app="Baixe o aplicativo", share="Compartilhar", most="Mais lidas", related="Notícias relacionadas", comments="Comentários", ad="Publicidade", cookie="Usamos cookies para melhorar a sua experiência. Aceitar ou configurar.",
               about="Sobre o autor", photo="Foto", by="Por", pub="Publicado", home="Início", rate="Este artigo foi útil?", qr="Leia o código QR", sub="Assine por 1 real", reply="Responder", min="min de leitura", later="Atualizado"),
    "ar": dict(read="اقرأ أيضا:", news="اشترك في نشرتنا اليومية", app="حمل التطبيق", share="شارك", most="الأكثر قراءة", related="مواضيع ذات صلة", comments="التعليقات", ad="إعلان", cookie="نستخدم ملفات تعريف الارتباط لتحسين تجربتك.",
               about="عن الكاتب", photo="صورة", by="بقلم", pub="نشر", home="الرئيسية", rate="هل كان المقال مفيدا؟", qr="امسح رمز الاستجابة", sub="اشترك الآن", reply="رد", min="دقائق", later="تحديث"),
}
NEWSY = {
    "en": ["Rail talks collapse hours before deadline", "What the new parking rules mean for you", "Five soups for a wet week", "Champion withdraws with knee injury", "House prices slip for third month", "The quiet genius of bus drivers", "Minister defends visit to vineyard", "Quiz: how well do you know your rivers?", "Storm names for the coming winter", "Markets open flat as traders wait"],
    "es": ["El gobierno aprueba la reforma de puertos", "Cinco sopas para el otoño", "El líder de la liga pierde en casa", "Qué cambia con la nueva tarifa", "La sequía adelanta la vendimia"],
    "fr": ["La réforme des ports adoptée de justesse", "Cinq soupes pour l’automne", "Le leader battu à domicile", "Ce qui change au premier du mois", "Vendanges précoces dans le sud"],
    "de": ["Hafenreform knapp beschlossen", "Fünf Suppen für den Herbst", "Tabellenführer verliert daheim", "Was sich zum Monatsanfang ändert", "Weinlese beginnt früher"],
    "pt": ["Reforma dos portos aprovada por um voto", "Cinco sopas para o outono", "Líder perde em casa", "O que muda no início do mês", "Vindima começa mais cedo"],
    "ar": ["إقرار إصلاح الموانئ بفارق صوت", "خمس وصفات حساء للخريف", "خسارة المتصدر على أرضه", "ما الذي يتغير أول الشهر", "موسم القطاف يبدأ مبكرا"],
}
PEOPLE = ["riverrat77", "Old Tom", "M. from Leeds", "jo_k", "plainspeaker"]
SAID = ["This is what happens when nobody is listening.", "Lovely story, thank you.", "I was there and it was colder than that.", "Who is paying for all this?", "First sensible thing I have read all week."]


class Around:
    """Furniture of one fetch: what is different each time a page is asked for."""

    def __init__(self, story, outlet, fetch):
        self.r = random.Random(f"{outlet['name']}/{story['slug']}/{fetch}")
        self.w, self.news = WORDS[story["language"]], NEWSY[story["language"]]
        self.o, self.fetch = outlet, fetch

    def dress(self, piece):
        """The piece, its telling names gone where the outlet's style sheet is machine-made."""
        if not self.o.get("blind"):
            return piece
        piece = re.sub(r'class="[^"]*"', lambda m: f'class="css-{self.code()}"', piece)
        return re.sub(r'<(/?)(?:aside|section)\b', r"<\1div", re.sub(r' id="[^"]*"', "", piece))

    def n(self, low=3, high=4000):
        return self.r.randint(low, high)

    def code(self):
        return "%08x" % self.r.getrandbits(32)

    def links(self, count, tag="li", cls="item"):
        some = self.r.sample(self.news, min(count, len(self.news)))
        return "".join(f'<{tag} class="{cls}"><a href="/{self.n()}/{self.code()}">{html.escape(s)}</a></{tag}>' for s in some)

    def cookie(self):
        style = self.r.choice(["consent-banner", "cookie-notice", "gdpr-overlay"])
        return f'<div id="{style}" class="{style} js-{self.code()}" role="dialog"><p>{self.w["cookie"]}</p><button>OK</button></div>'

    def ad(self):
        return f'<div class="ad-slot ad-{self.n()}" data-nonce="{self.code()}"><span>{self.w["ad"]}</span></div>'

    def share(self):
        return f'<div class="share-tools"><span>{self.w["share"]}</span> <a href="#f">Facebook</a> <a href="#x">X</a> <a href="#m">E-Mail</a> <span class="count">{self.n()}</span></div>'

    def rail(self):
        return f'<aside class="most-read"><h3>{self.w["most"]}</h3><ol>{self.links(5)}</ol></aside>'

    def related(self):
        return f'<section class="related-articles"><h2>{self.w["related"]}</h2><ul>{self.links(4)}</ul></section>'

    def comments(self):
        rows = "".join(
            f'<li class="comment" id="c{self.n()}"><b>{self.r.choice(PEOPLE)}</b> <time>{self.n(1, 59)} min</time><p>{self.r.choice(SAID)}</p><a>{self.w["reply"]}</a></li>'
            for _ in range(self.n(1, 5)))
        return f'<section id="comments" class="comments"><h2>{self.w["comments"]} ({self.n()})</h2><ul>{rows}</ul></section>'

    def author(self, story):
        name = html.escape(story["byline"][0])
        return f'<div class="author-box"><h4>{self.w["about"]}</h4><p>{name} <a href="/a">@{self.code()[:5]}</a></p></div>'

    def more(self):
        """One of the things that stand between two paragraphs."""
        w, one = self.w, html.escape(self.r.choice(self.news))
        return self.r.choice([
            f'<p class="read-more"><strong>{w["read"]}</strong> <a href="/{self.n()}">{one}</a></p>',
            f'<div class="newsletter-signup"><h3>{w["news"]}</h3><form><input type="email"><button>OK</button></form></div>',
            f'<div class="app-promo"><p>{w["qr"]}</p><img src="/qr/{self.code()}.png" alt="QR"></div>',
            f'<p><em><a href="/{self.n()}">{w["read"]} {one}</a></em></p>',
            f'<aside class="inline-related"><h4>{w["related"]}</h4><ul>{self.links(2)}</ul></aside>',
            self.ad(),
        ])

    def nav(self):
        names = ["World", "Politics", "Business", "Sport", "Culture", "Weather"]
        self.r.shuffle(names)
        return "<ul>" + "".join(f'<li><a href="/{n.lower()}">{n}</a></li>' for n in names) + "</ul>"


# ---- outlets: name, languages, how each part is written ------------------------------------------
# head: which declarations; p h q n: paragraph, subheading, block quote, notice; wrap: the body;
# top: headline and byline; extra: which furniture stands in and around the article.

TOP = '<h1>{title}</h1>{stand}<p class="byline">{by} {names}</p><time datetime="{iso}">{date}</time>'
NOTE = '<p class="{kind}">{text}</p>'
P = "<p>{}</p>"
OUTLETS = [
    dict(name="harbour-post", pull=True, langs="en", head="ld og", wrap='<main><article class="story">{top}<div class="story-body">{body}</div></article></main>'),
    dict(name="daily-anvil", blind=True, langs="en", head="og meta", p='<div class="par"><span>{}</span></div>', wrap='<div id="wrapper"><div class="c1"><div class="c2"><div class="c3 content">{top}<div class="txt">{body}</div></div></div></div></div>', h='<div class="subhead"><b>{}</b></div>'),
    dict(name="the-ledger", langs="en", head="micro", wrap='<div itemscope itemtype="http://schema.org/NewsArticle">{top}<div itemprop="articleBody">{body}</div></div>', top='<h1 itemprop="headline">{title}</h1>{stand}<span itemprop="author" itemscope><span itemprop="name">{names}</span></span> <meta itemprop="datePublished" content="{iso}">{date}'),
    dict(name="meridian-wire", langs="en", head="graph og", wrap='<article id="post-{n}" class="post type-post hentry"><header class="entry-header">{top}</header><div class="entry-content">{body}</div><footer class="entry-footer">{n}</footer></article>', top='<h1 class="entry-title">{title}</h1>{stand}<div class="entry-meta"><span class="author vcard">{by} <a class="url fn n" href="/a">{names}</a></span> <time class="entry-date published" datetime="{iso}">{date}</time></div>', h='<h2 class="wp-block-heading">{}</h2>', q='<blockquote class="wp-block-quote"><p>{}</p></blockquote>'),
    dict(name="old-gazette", langs="en", head="meta", upper=True, wrap='<table width="100%"><tr><td width="140" class="nav">{rail}</td><td>{top}<font face="Times">{body}</font></td></tr></table>', top='<h1><font size="6">{title}</font></h1>{stand}<i>{by} {names}</i><br><small>{date}</small>', side=False),
    dict(name="amp-courier", langs="en", head="ld amp", wrap='<article>{top}<amp-img src="/i.jpg" width="4" height="3"></amp-img>{body}<amp-ad type="x" data-slot="{n}"></amp-ad></article>'),
    dict(name="northern-echoist", blind=True, langs="en", head="og", p='<p class="css-{code}">{}</p>', wrap='<div class="css-{code}"><main class="css-{code}"><header class="css-{code}">{top}</header><section name="articleBody" class="css-{code}">{body}</section></main></div>'),
    dict(name="the-plain-dealer-n", langs="en", head="ld", wrap='<div class="article__wrapper"><div class="article__head">{top}</div><div class="article__content">{body}</div></div>', n='<div class="article__{kind}"><hr><p><em>{text}</em></p></div>'),
    dict(name="city-sentinel", langs="en", head="og meta", br=True, wrap='<div class="article">{top}<div id="articletext">{body}</div></div>'),
    dict(name="valley-tribune", pull=True, langs="en", head="graph", wrap='<div data-page="article"><section>{top}</section><section class="body-copy">{body}</section></div>', p='<p data-pos="{n}" class="body-copy__p">{}</p>'),
    dict(name="island-mail", langs="en", head="ld og", entities=True, wrap='<article>{top}{share}<div class="article-body">{body}</div></article>'),
    dict(name="metro-standard", blind=True, langs="en", head="og", unclosed=True, wrap='<div class=story>{top}<div class=story-text>{body}</div></div>'),
    dict(name="the-observerer", blind=True, langs="en", head="ld", wrap='<main><div class="grid"><div class="left">{share}</div><article class="centre">{top}<div class="dcr-{code}"><div class="article-body-commercial-selector">{body}</div></div></article><div class="right">{rail}</div></div></main>', p='<p class="dcr-{code}">{}</p>', h='<h2 id="h{n}">{}</h2>'),
    dict(name="public-line", pull=True, langs="en", head="og micro", wrap='<main role="main"><article>{top}<div role="region" data-component="text-block">{body}</div></article></main>', p='<div data-component="text-block"><p>{}</p></div>', n='<div class="{kind}-note"><p>{text}</p></div>'),
    dict(name="free-county-news", langs="en", head="none", wrap='<div id="main"><div class="post">{top}<div class="post-body">{body}</div></div></div>', top='<h1>{title}</h1>{stand}<div class="date">{date}</div><div class="by">{by} {names}</div>'),
    dict(name="weekly-beacon", langs="en", head="ld og", wrap='<article>{top}<div class="content-block first">{body}</div></article>', split=True),
    dict(name="capital-paywall", langs="en", head="ld paid", wrap='<article class="article--premium">{top}<div class="article-body">{body}</div><div class="paywall-offer"><h3>{sub}</h3><button>OK</button></div></article>'),
    dict(name="script-times", pull=True, langs="en", head="graph og", script=True, wrap='<div id="app"><div id="root"><article>{top}<div class="RichText">{body}</div></article></div></div><script>window.__STATE__={{"n":{n},"k":"{code}"}}</script>'),
    dict(name="picture-daily", langs="en", head="og", caption=True, wrap='<article>{top}<div class="copy">{body}</div></article>'),
    dict(name="el-faro-del-sur", langs="es", head="ld og", wrap='<article class="noticia">{top}<div class="cuerpo-noticia">{body}</div></article>'),
    dict(name="diario-valle", blind=True, langs="es", head="og", wrap='<div class="contenedor"><div class="articulo">{top}<div class="texto">{body}</div></div></div>', p='<p class="parrafo">{}</p>'),
    dict(name="le-littoral", pull=True, langs="fr", head="ld", wrap='<main><article class="article">{top}<section class="article__content">{body}</section></article></main>', p='<p class="article__paragraph">{}</p>'),
    dict(name="courrier-des-combes", langs="fr", head="og meta", entities=True, wrap='<div id="contenu"><div class="article-texte">{top}{body}</div></div>'),
    dict(name="lindenauer-bote", langs="de", head="ld og", wrap='<main><article>{top}<div class="article-content">{body}</div></article></main>', p='<p class="textabsatz">{}</p>'),
    dict(name="nordblatt", blind=True, langs="de", head="graph", wrap='<div class="artikel"><div class="artikel-kopf">{top}</div><div class="artikel-text">{body}</div></div>'),
    dict(name="jornal-da-serra", langs="pt", head="ld og", wrap='<article>{top}<div class="materia-conteudo">{body}</div></article>', p='<div class="bloco"><p class="texto">{}</p></div>'),
    dict(name="folha-clara", blind=True, langs="pt", head="og", wrap='<div class="c-news">{top}<div class="c-news__body">{body}</div></div>'),
    dict(name="sahil-news", langs="ar", head="ld og", wrap='<main dir="rtl"><article>{top}<div class="article-body">{body}</div></article></main>'),
]
EXTRAS = ["share", "rail", "related", "comments", "author", "rate"]
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}


def date_words(day, language):
    year, month, date = day.split("-")
    name = MONTHS[language].split()[int(month) - 1]
    return {
        "en": f"{name} {int(date)}, {year}", "es": f"{int(date)} de {name} de {year}",
        "pt": f"{int(date)} de {name} de {year}", "de": f"{int(date)}. {name} {year}",
    }.get(language, f"{int(date)} {name} {year}")


def url_of(story, outlet):
    return f"https://www.{outlet['name']}.example/news/{story['slug']}"


def head(story, outlet, iso):
    title, kinds = story["headline"], outlet["head"].split()
    e, site = html.escape, outlet["name"].replace("-", " ").title()
    out = [f'<meta charset="utf-8"><title>{e(title)} | {site}</title>']
    if {"ld", "graph"} & set(kinds):
        types = {"opinion": "OpinionNewsArticle", "live": "LiveBlogPosting"}
        article = {"@type": types.get(story["kind"], "NewsArticle"), "headline": title, "datePublished": iso,
                   "mainEntityOfPage": url_of(story, outlet), "publisher": {"@type": "Organization", "name": site},
                   "author": [{"@type": "Person", "name": n} for n in story["byline"]]}
        if "paid" in kinds:
            article["isAccessibleForFree"] = False
        if "graph" in kinds:
            data = {"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": site, "url": "/"}, {"@type": "BreadcrumbList", "itemListElement": []}, article]}
        else:
            data = {"@context": "https://schema.org", **article}
        out.append(f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>')
    if "og" in kinds:
        out.append(f'<meta property="og:type" content="article"><meta property="og:title" content="{e(title)}"><meta property="og:site_name" content="{site}"><meta property="article:published_time" content="{iso}">')
        if story["kind"] == "opinion":
            out.append('<meta property="article:section" content="Opinion">')
    if "meta" in kinds:
        out.append(f'<meta name="author" content="{e(", ".join(story["byline"]))}"><meta name="date" content="{iso[:10]}">')
    return "".join(out)


def inline(words, outlet, r):
    """The words as markup: a link here and there, entities where the outlet writes them."""
    text = html.escape(words, quote=False)
    if outlet.get("entities"):
        for mark, name in (("“", "&ldquo;"), ("”", "&rdquo;"), ("’", "&rsquo;"), ("é", "&eacute;"), ("\u00a0", "&nbsp;")):
            text = text.replace(mark, name)
    parts = text.split(" ")
    if len(parts) > 12 and r.random() < 0.3 and not any(c in text for c in "&"):
        at = r.randrange(2, 8)
        parts[at] = f'<a href="/topic/{at}">{parts[at]}</a>'
    return " ".join(parts)


def body(story, outlet, around):
    still = random.Random(f"{outlet['name']}/{story['slug']}")  # the article itself does not turn over
    fill = lambda form, text: form.replace("{code}", around.code()).replace("{n}", str(around.n())).replace("{}", text)
    out, blocks, at = [], [b for b in story["blocks"] if b[0] != "standfirst"], 0
    inserts = set(still.sample(range(1, max(2, len(blocks))), min(2, max(1, len(blocks) - 1))))
    while at < len(blocks):
        kind, value = blocks[at]
        run = at
        while run < len(blocks) and blocks[run][0] == kind:
            run += 1
        if kind == "item":
            out.append("<ul>" + "".join(f"<li>{inline(v, outlet, still)}</li>" for _, v in blocks[at:run]) + "</ul>")
            at = run
            continue
        if kind == "row":
            rows = ["<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>" for _, cells in blocks[at:run]]
            out.append("<table>" + "".join(rows) + "</table>")
            at = run
            continue
        if kind == "p":
            text = inline(value, outlet, still)
            form = outlet.get("p", P)
            out.append(text + "<br><br>" if outlet.get("br") else f"<p>{text}\n" if outlet.get("unclosed") else fill(form, text))
            if outlet.get("pull") and at == 3 and story["quotes"]:
                words = html.escape(story["quotes"][0]["text"], quote=False)
                out.append(f'<aside class="pullquote pull-quote"><p>“{words}”</p></aside>')
            if outlet.get("script") and at == 1:
                out.append(f"<script>ads.push('{around.code()}')</script><p>&nbsp;</p>")
        elif kind == "heading":
            out.append(fill(outlet.get("h", "<h2>{}</h2>"), html.escape(value)))
        elif kind == "quote":
            out.append(fill(outlet.get("q", "<blockquote>{}</blockquote>"), inline(value, outlet, still)))
        elif kind == "notice":
            out.append(outlet.get("n", NOTE).format(kind=value[0], text=html.escape(value[1], quote=False)))
        elif kind == "entry":
            iso, words, heading = value
            out.append(f'<div class="live-entry" id="e{at}"><time datetime="{iso}:00Z">{words}</time><h3>{html.escape(heading)}</h3></div>')
        if at in inserts and kind == "p" and at + 1 < len(blocks):
            out.append(around.dress(around.more()))
        if outlet.get("caption") and at == 0:
            out.append(f'<figure><img src="/i/{around.code()}.jpg" alt=""><figcaption>{html.escape(caption(story))}</figcaption></figure>')
        if outlet.get("split") and at == 2:
            out.append(f'</div>{around.ad()}<div class="content-block">')
        at += 1
    return "\n".join(out)


def caption(story):
    return f"The scene on {date_words(story['day'], 'en')}, hours before the news was known."


def page(story, outlet, fetch):
    a = Around(story, outlet, fetch)
    still = random.Random(f"extras/{outlet['name']}")
    extras = still.sample(EXTRAS, 4)
    e, iso = html.escape, story["day"] + "T08:30:00+00:00"
    stand = next((v for k, v in story["blocks"] if k == "standfirst"), "")
    parts = dict(
        title=e(story["headline"], quote=False), stand=f'<p class="standfirst">{e(stand, quote=False)}</p>' if stand else "",
        by=a.w["by"], names=e((" & " if story["language"] == "en" else ", ").join(story["byline"])), iso=iso,
        date=date_words(story["day"], story["language"]))
    top = outlet.get("top", TOP).format(**parts)
    main = outlet["wrap"].format(top=top, body=body(story, outlet, a), n=a.n(), code=a.code(), rail=a.dress(a.rail()), share=a.dress(a.share()), sub=a.w["sub"])
    after = "".join(a.dress({
        "share": a.share, "rail": a.rail, "related": a.related, "comments": a.comments, "author": lambda: a.author(story),
        "rate": lambda: f'<div class="rating">{a.w["rate"]} ★★★★☆ ({a.n()})</div>'}[x]()) for x in extras)
    direction = ' dir="rtl"' if story["language"] == "ar" else ""
    doc = f'''<!doctype html>
<html lang="{story['language']}"{direction}><head>{head(story, outlet, iso)}<meta name="csrf" content="{a.code()}"></head>
<body class="page v{a.n()}">{a.dress(a.cookie())}<header class="site-header"><a href="/">{outlet["name"].title()}</a><nav>{a.nav()}</nav></header>{a.ad()}
{main}
{after}
<footer class="site-footer"><p>© 2025 {outlet["name"].title()}. {a.w["app"]}. {a.w["news"]}.</p></footer><script>var t={a.n()};</script></body></html>
'''
    if outlet.get("upper"):
        doc = re.sub(r"<(/?)(p|div|table|tr|td|font|ul|li|a)\b", lambda m: "<" + m[1] + m[2].upper(), doc)
    return doc


def expected(story, outlet):
    paragraphs, notices = [], []
    for at, (kind, value) in enumerate(story["blocks"]):
        if kind == "notice":
            notices.append({"kind": value[0], "text": value[1]})
            paragraphs.append(value[1])
        elif kind == "row":
            paragraphs.append("\t".join(value))
        elif kind == "entry":
            paragraphs += [value[1], value[2]]
        else:
            paragraphs.append(value)
        if outlet.get("caption") and at == (1 if story["blocks"][0][0] == "standfirst" else 0):
            paragraphs.append(caption(story))
    return {
        "url": url_of(story, outlet), "language": story["language"], "headline": story["headline"], "byline": story["byline"],
        "published": story["day"], "kind": story["kind"], "paragraphs": paragraphs, "notices": notices,
        "quotes": story["quotes"], "figures": story["figures"]}


def main():
    for old in HERE.iterdir():
        if old.is_dir() and old.name != "stories":
            shutil.rmtree(old)
    turns = {}
    for story in stories():
        mine = [o for o in OUTLETS if o["langs"] == story["language"]]
        turn = turns[story["language"]] = turns.get(story["language"], -1) + 1
        outlet = mine[turn % len(mine)]
        folder = HERE / outlet["name"] / story["slug"]
        folder.mkdir(parents=True)
        for fetch in range(1, 4 if turn % 3 == 0 else 3):
            (folder / f"fetch-{fetch}.html").write_text(page(story, outlet, fetch), "utf-8")
        text = json.dumps(expected(story, outlet), ensure_ascii=False, indent=1)
        (folder / "expected.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
