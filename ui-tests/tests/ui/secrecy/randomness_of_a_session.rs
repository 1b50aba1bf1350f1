use undertone::Session;

fn peek(session: &Session) {
    let _ = &session.source;
}

fn main() {}
