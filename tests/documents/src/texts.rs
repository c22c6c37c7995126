//! Texts as countries write them, and such as nobody should.

/// A paragraph in the language and script of a country.
pub(crate) fn own(office: &str) -> &'static str {
    match office {
        "EL" => {
            "Η εθνική νομοθεσία προβλέπει ότι κάθε ασυνόδευτος ανήλικος έχει *επίτροπο* από την πρώτη ημέρα· ο νόμος 4939/2022 το ορίζει ρητώς."
        }
        "CY" => "Το Υφυπουργείο Μετανάστευσης τηρεί **μητρώο** και το ενημερώνει κάθε εβδομάδα.",
        "BG" => {
            "Държавната агенция за бежанците води регистър на непридружените деца и уведомява отдела за закрила на детето в срок от 24 часа."
        }
        "UA" => "Державна міграційна служба України веде облік; ґанок, їжак, є.",
        "RS" | "MK" => "Комесаријат за избеглице и миграције води евиденцију о томе; ђ, љ, њ, ћ, џ, ѓ, ќ.",
        "GE" => "საქართველოს კანონმდებლობით ბავშვს ენიშნება წარმომადგენელი. ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ.",
        "AM" => "Հայաստանի Հանրապետության օրենսդրությունը նախատեսում է խնամակալ յուրաքանչյուր երեխայի համար։",
        "PL" => "Zażółć gęślą jaźń: Urząd do Spraw Cudzoziemców prowadzi rejestr małoletnich bez opieki.",
        "LV" | "LT" => "Ķiršu ķēdes, žąsų būrys: reģistrs tiek papildināts reizi nedēļā.",
        "DE" | "AT" => "Die Länder führen ein Register; Größe, Äußerung, Übermittlung nach § 42a SGB VIII.",
        "FR" | "LU" | "BE" => {
            "Le registre est tenu par l’office, où « mineur » s’entend d’une personne de moins de 18 ans."
        }
        _ => "The national authority keeps a register and updates it every week; the guardian is told within a day.",
    }
}

/// What a text answer may show: headings, lists, tables, links, code, quotations.
pub(crate) const MARKDOWN: &str = "## Procedure\n\nThe procedure has **three** steps (see the \
    [guidance](https://example.org/guidance?a=1&b=2)):\n\n1. Registration by the *border police*\n   - fingerprints\n   - \
    a photograph\n2. Referral\n3. Appointment of a guardian\n\n> The best interests of the child are a primary \
    consideration.\n\n| Year | Cases | Of these found |\n|:-----|------:|:-:|\n| 2024 | 1 250 | 830 |\n| 2025 | 1 310 | \
    *not yet known* |\n\nThe field is called `case_type`:\n\n    SELECT count(*) FROM cases;\n\n---\n\nContact: \
    <mailto:ncp@example.org>";

/// Texts that no format may fail on, read as markup of its own, or lose unseen.
pub(crate) fn hostile() -> Vec<String> {
    let levels = |mark: fn(usize) -> String| -> String {
        (0..10)
            .map(|level| format!("{}{}level {}\n", "   ".repeat(level), mark(level), level + 1))
            .collect()
    };
    vec![
        "Emoji 🙂 👩\u{200d}👩\u{200d}👧 🇪🇺 and Chinese 中文, Japanese 日本語, Korean 한국어.".to_owned(),
        "\u{f0b7}\tpasted from Word\n\u{f0a7}\tpasted from Word again\n\u{f0d8}\tand again \u{e123}".to_owned(),
        "Right to left: עברית and العربية, with \u{202e}an override\u{202c} and \u{200f}marks.".to_owned(),
        "Combining: e\u{301}\u{302}\u{303}\u{304}\u{323} a\u{30a} n\u{303}, \u{1d49c} and \u{fb01}nally.".to_owned(),
        "Blanks: a\u{a0}b\u{2009}c\u{202f}d\u{200b}e\u{2028}f\u{2029}g\th.".to_owned(),
        "#let x = 1; #eval(\"1\"); #include \"/etc/passwd\" $x^2$ @label <label> #[b] // /* \\ [ ] { }".to_owned(),
        "]]> <w:p/> <!-- <script>alert(1)</script> &lt;&amp; <?xml version=\"1.0\"?> %PDF-1.7 (\\)".to_owned(),
        "=1+1\n\n=cmd|' /C calc'!A0\n\n+SUM(A1:A9)\n\n@SUM(1)\n\n-2+3".to_owned(),
        "{{ 7*7 }} ${7*7} <%= 7*7 %> #{7*7} %s %n {0}".to_owned(),
        levels(|_| "- ".to_owned()),
        levels(|level| format!("{}. ", level + 1)),
        "###### deep\n\n# high\n\n### lower\n\n> > > quoted thrice\n> >\n> > - and a list".to_owned(),
        format!("Long: {}", "x".repeat(19_000)),
        format!("Also long: https://example.org/{}", "a/".repeat(900)),
    ]
}
