//! The server for gdb beside the app: where it listens, and whether a client is there.

use std::net::SocketAddr;

use super::app::App;
use super::state::gdb::GdbState;
use crate::gdb::News;

/// Takes in that the server listens, or has ended.
pub(super) fn listens(app: &mut App, place: Option<SocketAddr>) {
    app.notice = Some(match place {
        Some(place) => {
            let port = place.port();
            format!(
                "gdb-multiarch assets/kernels/kernels.elf -ex 'target remote :{port}' attaches to {}",
                app.selected
            )
        }
        None if app.gdb.is_some() => "gdb server stopped".to_owned(),
        None => "no gdb server is running".to_owned(),
    });
    app.gdb = place.map(|place| GdbState { place, attached: false });
}

/// Takes in news of a client.
pub(super) fn heard(app: &mut App, news: News) {
    let Some(state) = &mut app.gdb else { return };
    state.attached = matches!(news, News::Attached(_));
    app.notice = Some(match news {
        News::Attached(client) => format!("gdb attached from {client}"),
        News::Ended(words) => words,
    });
}
