//! Names of endpoints. A certificate stands for a name, so a name is one that certificates can hold: a DNS name, in lower case so that no two names are one.

use crate::NetError;
use std::net::IpAddr;

/// Whether an endpoint may have this name: labels of lower-case letters, digits and hyphens, with dots between them, such as `speaker` or `party-1.example.org`.
///
/// # Errors
/// What is wrong with the name.
pub fn check_name(name: &str) -> Result<(), NetError> {
    let wrong = |message: &str| Err(NetError::Name { name: crate::error::printable(name), message: message.to_owned() });
    if name.is_empty() || name.len() > 253 {
        return wrong("a name has 1 to 253 letters");
    }
    if name.parse::<IpAddr>().is_ok() || name.split('.').next_back().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit())) {
        return wrong("it reads as an address; a name ends in a label with a letter");
    }
    for label in name.split('.') {
        if label.is_empty() || label.len() > 63 {
            return wrong("each part between dots has 1 to 63 letters");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return wrong("no part between dots starts or ends with a hyphen");
        }
        if !label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return wrong("use lower-case letters, digits, hyphens and dots");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_dns_names() {
        for name in ["speaker", "p0", "party-1.example.org", "0a", "xn--bcher-kva.example"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        let long = "a".repeat(64);
        let longer = vec!["a"; 127].join(".") + "aa";
        for name in [
            "",
            "Speaker",
            "a b",
            "a/b",
            "../a",
            "a_b",
            "-a",
            "a-",
            "a..b",
            ".a",
            "a.",
            "*.org",
            "127.0.0.1",
            "::1",
            "12",
            "ä",
            &long,
            &longer,
        ] {
            assert!(matches!(check_name(name), Err(NetError::Name { .. })), "{name}");
        }
    }
}
