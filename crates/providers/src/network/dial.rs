//! How a new connection is made: TCP, through a proxy where the environment names one, then TLS.

use hyper_rustls::{ConfigBuilderExt, HttpsConnector, MaybeHttpsStream};
use hyper_util::{
    client::{
        legacy::connect::{HttpConnector, proxy::Tunnel},
        proxy::matcher::Matcher,
    },
    rt::TokioIo,
};
use rustls::{ClientConfig, crypto::ring};
use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};
use tower_service::Service;

type Cause = Box<dyn Error + Send + Sync>;
type Dialled<T> = Pin<Box<dyn Future<Output = Result<T, Cause>> + Send>>;
/// To the server or, in clear or by TLS, to a proxy that passes on to it.
type Road = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Makes connections, each within a time.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    route: HttpsConnector<Route>,
    within: Duration,
}

impl Dial {
    /// Trusts whom the operating system trusts.
    pub(super) fn new(within: Duration, proxies: Matcher) -> Result<Self, rustls::Error> {
        let config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()?
            .try_with_platform_verifier()?
            .with_no_client_auth();
        let (config, mut tcp) = (Arc::new(config), HttpConnector::new());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(PROBE));
        tcp.set_keepalive_interval(Some(PROBE));
        let to_proxy = HttpsConnector::from((tcp.clone(), Arc::clone(&config)));
        let route = Route { tcp, to_proxy, proxies: Arc::new(proxies) };
        let route = HttpsConnector::from((route, config));
        Ok(Self { route, within })
    }
}

/// How long a silent connection waits before it asks whether the other end is still there.
const PROBE: Duration = Duration::from_secs(15);

impl Service<http::Uri> for Dial {
    type Response = MaybeHttpsStream<Road>;
    type Error = Cause;
    type Future = Dialled<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, to: http::Uri) -> Self::Future {
        let dialled = timeout(self.within, self.route.call(to));
        Box::pin(async move { dialled.await.map_err(|_| "timed out")? })
    }
}

/// The way to a server: straight, or through a tunnel that its proxy opens.
///
/// An address in clear (`http://`) is a server on this machine or network, and is always reached straight.
#[derive(Clone, Debug)]
struct Route {
    tcp: HttpConnector,
    to_proxy: HttpsConnector<HttpConnector>,
    proxies: Arc<Matcher>,
}

impl Service<http::Uri> for Route {
    type Response = Road;
    type Error = Cause;
    type Future = Dialled<Road>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: http::Uri) -> Self::Future {
        let proxied = to.scheme() == Some(&http::uri::Scheme::HTTPS);
        match self.proxies.intercept(&to).filter(|_| proxied) {
            None => {
                let straight = self.tcp.call(to);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(straight.await?)) })
            }
            Some(proxy) => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy.clone());
                if let Some(auth) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                let tunnelled = tunnel.call(to);
                Box::pin(async move { Ok(tunnelled.await?) })
            }
        }
    }
}
