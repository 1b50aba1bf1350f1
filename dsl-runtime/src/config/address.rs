//! Addresses as configurations give them.

use std::net::IpAddr;

/// Checks that an address is `host:port`, and on loopback where nothing protects what is sent. No name is looked up.
pub(super) fn check(address: &str, plain: bool) -> Result<(), String> {
    let form =
        || format!("`{}` is no address: write \"HOST:PORT\"", address.chars().filter(|c| !c.is_control()).take(80).collect::<String>());
    let (host, port) = address.rsplit_once(':').ok_or_else(form)?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let sane = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if host.is_empty() || !host.chars().all(sane) || port.parse::<u16>().is_err() {
        return Err(form());
    }
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    if plain && !loopback {
        return Err(format!(
            "`{address}` is not on this machine, and without TLS everybody on the way reads everything: add the table [tls], or use 127.0.0.1"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn addresses_are_host_and_port_and_without_tls_on_this_machine() {
        for good in ["127.0.0.1:7000", "127.9.9.9:1", "[::1]:7000", "localhost:65535"] {
            assert_eq!(check(good, true), Ok(()), "{good}");
        }
        for far in ["10.0.0.1:7000", "0.0.0.0:7000", "[::]:7000", "clinic.example.org:7000", "localhost.example.org:1"] {
            assert_eq!(check(far, false), Ok(()), "{far}");
            assert!(check(far, true).unwrap_err().contains("[tls]"), "{far}");
        }
        for bad in ["", "7000", ":7000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "a b:1", "http://a:1"] {
            assert!(check(bad, false).unwrap_err().contains("HOST:PORT"), "{bad}");
        }
    }
}
