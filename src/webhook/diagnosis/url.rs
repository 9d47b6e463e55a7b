//! URLs as others see them: proxies, frameworks, people.

/// The forms in which others see a URL, each with its name.
pub(super) fn forms(url: &str) -> Vec<(String, &'static str)> {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let behind = |base: &str| query.map_or_else(|| base.to_owned(), |query| format!("{base}?{query}"));
    let mut seen = Vec::new();
    let other = if let Some(rest) = base.strip_prefix("http://") {
        format!("https://{rest}")
    } else {
        base.replacen("https://", "http://", 1)
    };
    seen.push((behind(&other), "with the other of `http` and `https`"));
    if query.is_some() {
        seen.push((base.to_owned(), "without its query"));
        seen.push((other.clone(), "without its query, and with the other of `http` and `https`"));
    }
    match base.strip_suffix('/') {
        Some(shorter) => seen.push((behind(shorter), "without the slash at its end")),
        None => seen.push((behind(&format!("{base}/")), "with a slash at its end")),
    }
    if let Some(at) = base.find("://").and_then(|start| base[start + 3..].find('/').map(|at| start + 3 + at)) {
        seen.push((behind(&base[at..]), "as a path alone"));
        seen.push((base[at..].to_owned(), "as a path alone, without its query"));
    }
    seen
}
