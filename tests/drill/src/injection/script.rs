//! Script in every shape that Markdown or HTML may carry it.

use super::Words;

/// The words: `executed` is what script asks the trap for before it opens a dialog, `loaded` what a page asks for by itself.
pub(super) fn words(trap: &str) -> Words {
    let run = format!("new Image().src='{trap}/executed';setTimeout(alert,99)");
    let load = format!("{trap}/loaded");
    let text = [
        format!("<script>{run}</script>"),
        format!("\"'></title></style></textarea></script><script>{run}</script>"),
        format!("<img src=\"{load}\" onerror=\"{run}\">"),
        format!("<svg/onload=\"{run}\">"),
        format!("<svg><script href=\"data:,{run}\" /></svg>"),
        format!("<a href=\"javascript:{run}\" autofocus onfocus=\"{run}\">a</a>"),
        format!("[a](javascript:{run})"),
        "[b](JaVaScRiPt:alert(1)) [c](data:text/html,x) [d](vbscript:x) [e](&#106;avascript:alert(1))".to_owned(),
        format!("![f]({load})"),
        format!("![g]({load} \"\\\" onload=\\\"{run}\")"),
        format!("[h](https://example.org/\"onfocus=\"{run}\"autofocus=\")"),
        format!("<https://example.org/\"onfocus=\"{run}>"),
        "[i]: javascript:alert(1)\n\n[i] <javascript:alert(1)>".to_owned(),
        format!("<iframe src=\"{load}\"></iframe><iframe srcdoc=\"<script>{run}</script>\"></iframe>"),
        format!("<meta http-equiv=\"refresh\" content=\"0;url={load}\">"),
        format!("<link rel=\"stylesheet\" href=\"{load}\"><style>@import '{load}';</style>"),
        format!("<p style=\"background:url({load})\">j</p>"),
        format!(
            "<object data=\"{load}\"></object><embed src=\"{load}\"><video><source onerror=\"{run}\" src=\"{load}\"></video>"
        ),
        format!(
            "<details open ontoggle=\"{run}\">k</details><input autofocus onfocus=\"{run}\"><body onload=\"{run}\">"
        ),
        format!("<!--><script>{run}</script>--> <math><mtext><script>{run}</script></mtext></math>"),
        format!("<base href=\"{trap}/\"><form action=\"javascript:{run}\"><button autofocus>l</button></form>"),
        format!("```\"><script>{run}</script>\n</code></pre><script>{run}</script>\n```"),
        format!("`</code><script>{run}</script>`"),
        format!("| </td><script>{run}</script> | b |\n|---|---|\n| <img src={load}> | [m](javascript:alert(1)) |"),
        format!("&lt;script&gt;{run}&lt;/script&gt; &#60;script&#62;{run}&#60;/script&#62;"),
    ];
    Words {
        line: format!("\"'></title><script>{run}</script><img src={load}>"),
        // The note of a contribution takes 2,000 characters: the first ones.
        text: text.join("\n\n"),
    }
}

/// What markup there is that nobody printed: attributes with addresses that are none of a document's.
pub(super) fn faults(pages: &[(String, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, page) in pages {
        // Quotes of what was typed are escaped, so a quote behind an attribute's name is the printer's own.
        for attribute in ["href=\"", "src=\"", "action=\"", "data=\"", "srcdoc=\""] {
            for rest in page.split(attribute).skip(1) {
                let address = rest.split('"').next().unwrap_or_default();
                let fine = ["#", "http://", "https://", "mailto:", "/"]
                    .iter()
                    .any(|begin| address.starts_with(begin));
                if !fine || attribute != "href=\"" {
                    faults.push(format!("{name} has {attribute}{address}\""));
                }
            }
        }
        let lower = page.to_ascii_lowercase();
        for element in [
            "<script", "<iframe", "<img", "<svg/", "<object", "<embed", "<form", "<base", "<link", "<video",
        ] {
            if lower.contains(element) {
                faults.push(format!("{name} has {element}"));
            }
        }
        if !lower.contains("&lt;script&gt;") {
            faults.push(format!("{name} does not show the script as text"));
        }
    }
    // Mails that print no word of it say nothing.
    faults.retain(|fault| !(fault.starts_with("mail-") && fault.ends_with("as text")));
    faults
}

/// What is wrong with the parts of packages, as text: links that run, fields that fetch.
pub(super) fn faults_of_packages(packages: &[(&str, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, parts) in packages {
        let lower = parts.to_ascii_lowercase();
        for wrong in [
            "target=\"javascript:",
            "target=\"data:",
            "target=\"vbscript:",
            "attachedtemplate",
            "oleobject",
            "ddeauto",
        ] {
            if lower.contains(wrong) {
                faults.push(format!("{name} has {wrong}"));
            }
        }
        if !lower.contains("&lt;script&gt;") {
            faults.push(format!("{name} does not hold the script as text"));
        }
    }
    faults
}
