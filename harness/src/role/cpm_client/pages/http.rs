//! HTTP/1.1 as far as fetching a page needs it (RFC 9110, 9112).

/// Most octets of an answer.
const LONGEST: usize = 4 << 20;

/// Most header fields of an answer.
const FIELDS: usize = 100;

/// How far an answer has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// More has to come.
    Partial,
    /// It is there.
    Whole {
        /// The content of a 200 response.
        content: Vec<u8>,
        /// Whether the connection may be used again.
        stays: bool,
    },
    /// It is no such response, or too long.
    Failed,
}

/// Host with port, and path with query, of an `http` URL.
pub(super) fn target(url: &str) -> Option<(&str, &str)> {
    let scheme = url.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"))?;
    let rest = url.get(scheme.len()..)?.split('#').next()?;
    let at = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(at);
    let clean = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
    (!host.is_empty() && clean(host) && clean(path)).then_some((host, if path.is_empty() { "/" } else { path }))
}

/// The request for a page.
pub(super) fn request(host: &str, path: &str, product: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {product}\r\nAccept: */*\r\n\r\n").into_bytes()
}

/// How far the answer has come; `ended`: the connection is gone.
pub(super) fn content(octets: &[u8], ended: bool) -> Page {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let len = match response.parse(octets) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) if !ended && octets.len() <= LONGEST => return Page::Partial,
        _ => return Page::Failed,
    };
    let value = |name: &str| {
        let field = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(field.value).ok().map(str::trim)
    };
    // Nobody asked for another coding; chunks would come without being asked for, but not from the servers of the suite.
    if response.code != Some(200) || value("Transfer-Encoding").is_some() {
        return Page::Failed;
    }
    let body = octets.get(len..).unwrap_or_default();
    match value("Content-Length").map(str::parse::<usize>) {
        Some(Ok(length)) if length > LONGEST => Page::Failed,
        Some(Ok(length)) => match body.get(..length) {
            Some(whole) => {
                let closes = value("Connection").is_some_and(|value| value.to_ascii_lowercase().contains("close"));
                Page::Whole { content: whole.to_vec(), stays: !closes && !ended && response.version == Some(1) }
            }
            None if ended => Page::Failed,
            None => Page::Partial,
        },
        Some(Err(_)) => Page::Failed,
        None if ended => Page::Whole { content: body.to_vec(), stays: false },
        None if octets.len() > LONGEST => Page::Failed,
        None => Page::Partial,
    }
}

/// The value of a header field in a block of them, folds undone.
pub(super) fn field(block: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(block);
    let mut found: Option<String> = None;
    for line in text.lines().take_while(|line| !line.is_empty()) {
        if let (true, Some(value)) = (line.starts_with([' ', '\t']), &mut found) {
            value.push(' ');
            value.push_str(line.trim());
        } else if found.is_some() {
            break;
        } else if let Some((_, value)) = line.split_once(':').filter(|(own, _)| own.trim().eq_ignore_ascii_case(name)) {
            found = Some(value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_page_is_whole_by_its_length_or_by_the_end() {
        let whole = |stays| Page::Whole { content: b"abc".to_vec(), stays };
        for (answer, ended, page) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", false, whole(true)),
            ("HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 3\r\n\r\nabc", false, whole(false)),
            ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, whole(false)),
            ("HTTP/1.1 200 OK\r\n\r\nabc", true, whole(false)),
            ("HTTP/1.1 200 OK\r\n\r\nabc", false, Page::Partial),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", false, Page::Partial),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true, Page::Failed),
            ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", false, Page::Failed),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", false, Page::Failed),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, Page::Failed),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc", false, Page::Failed),
            ("HTTP/1.1 200", false, Page::Partial),
            ("", true, Page::Failed),
            ("* OK the store is open\r\n", false, Page::Failed),
        ] {
            assert_eq!(content(answer.as_bytes(), ended), page, "{answer}");
        }
    }

    #[test]
    fn a_url_is_a_host_and_a_path() {
        assert_eq!(target("HTTP://a.example:80/x?y#z"), Some(("a.example:80", "/x?y")));
        assert_eq!(target("http://a"), Some(("a", "/")));
        assert_eq!([target("https://a/"), target("http:///x"), target("http://a/\u{e4}"), target("http")], [None; 4]);
    }

    #[test]
    fn a_field_of_a_block_is_unfolded() {
        assert_eq!(field(b"A: 1\r\nb : 2;\r\n x=3\r\nC: 4\r\n\r\nD: 5", "B").as_deref(), Some("2; x=3"));
        assert_eq!(field(b"A: 1\r\n\r\nD: 5", "D"), None);
    }
}
