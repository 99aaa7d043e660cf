//! The page at `/`.

use std::sync::Arc;

use http::StatusCode;
use kernel::Kernel;
use net::http::{Request, Response, Routes, text};

use crate::file::{File, INDEX};
use crate::here::Here;
use crate::{guard, route, site};

/// Paths and contents, from `target/web` when this crate was compiled.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));
/// Served at `/` by a binary without the page.
const WITHOUT: &str = "This is a castling XMPP server, built without its web page. To add the page, run \
                       `cargo xtask web` and build the server again.";

/// Adds the page and its files.
pub fn routes(kernel: &Arc<Kernel>, routes: Routes) -> Routes {
    FILES.iter().fold(routes.at("/", index(kernel)), |routes, &(path, bytes)| match File::new(path, bytes) {
        Some(file) if path != INDEX => routes.at(path, route::get(move |request| asset(&file, request))),
        _ => routes,
    })
}

fn index(kernel: &Arc<Kernel>) -> Arc<dyn net::http::Route> {
    let file = FILES.iter().find(|(path, _)| *path == INDEX).and_then(|(path, bytes)| File::new(path, bytes));
    let kernel = kernel.clone();
    route::get(move |request| {
        let mut response = match &file {
            Some(file) => file.answer(request),
            None => text(StatusCode::NOT_FOUND, WITHOUT),
        };
        let sites: Vec<_> = site::all(&kernel).iter().map(|host| host.options()).collect();
        let here = Here::of(request);
        let destinations = guard::destinations(here.as_ref(), sites.iter().map(|options| &options.web));
        guard::page(response.headers_mut(), &destinations);
        response
    })
}

fn asset(file: &File, request: &Request) -> Response {
    let mut response = file.answer(request);
    guard::data(response.headers_mut());
    response
}
