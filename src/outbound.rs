//! Asking another machine something: one GET over TLS, with limits.
//!
//! What is asked is named by people, so a name that leads into a private network is refused at
//! the address that is really connected to: a second look-up cannot give another one. There
//! are no redirects, no proxy of the environment, and no authorities but those that are built
//! in, so that it works the same in an empty container.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::domain::base_url::BaseUrl;
use crate::domain::network::{PrivateAddresses, is_public};

/// The largest answer that is read.
const ANSWER_MAX_BYTES: usize = 16 << 20;

/// SePay's own name of `Retry-After`.
const SEPAY_RETRY_AFTER: &str = "x-sepay-userapi-retry-after";

/// Asks other machines. Cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    tls: TlsConnector,
    private: PrivateAddresses,
    time_limit: Duration,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The HTTP status.
    pub status: u16,
    /// After how many seconds to ask again, if the answer says so.
    pub retry_after_s: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The name or the token cannot stand in a request.
    #[error("the request cannot be written")]
    Request,
    /// Nobody knows the name, or nobody answers there.
    #[error("nobody answers at the address")]
    Unreachable,
    /// The name leads into a private network.
    #[error("the name leads to an address that is not public")]
    PrivateAddress,
    /// The other side cannot prove its name.
    #[error("the certificate or the encryption is not accepted")]
    Tls,
    /// It took too long.
    #[error("the answer took too long")]
    TimedOut,
    /// The answer breaks off, or is no HTTP.
    #[error("the answer broke off")]
    BrokenOff,
    /// The answer is larger than any that is meant.
    #[error("the answer is too large")]
    TooLarge,
}

impl OutboundError {
    /// A stable word for records and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "bad_request",
            Self::Unreachable => "unreachable",
            Self::PrivateAddress => "private_address",
            Self::Tls => "tls",
            Self::TimedOut => "timed_out",
            Self::BrokenOff => "broken_off",
            Self::TooLarge => "too_large",
        }
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Outbound")
            .field("private", &self.private)
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}

impl Outbound {
    /// Asks with a limit for each answer as a whole.
    pub fn new(private: PrivateAddresses, time_limit: Duration) -> Self {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        Self::trusting(roots, private, time_limit)
    }

    fn trusting(roots: RootCertStore, private: PrivateAddresses, time_limit: Duration) -> Self {
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has the usual versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            tls: TlsConnector::from(Arc::new(config)),
            private,
            time_limit,
        }
    }

    /// Whether private addresses are asked.
    pub fn private(&self) -> PrivateAddresses {
        self.private
    }

    /// Asks for a target below an address, in the name of who holds the token.
    pub async fn get(
        &self,
        base: &BaseUrl,
        target: &str,
        token: &SecretString,
    ) -> Result<Fetched, OutboundError> {
        let request = request(base, target, token)?;
        let asked = async {
            let stream = self.connect(base).await?;
            if !base.is_secure() {
                return exchange(stream, request).await;
            }
            let name = ServerName::try_from(base.host().to_owned());
            let name = name.map_err(|_| OutboundError::Request)?;
            let stream = self.tls.connect(name, stream).await;
            exchange(stream.map_err(|_| OutboundError::Tls)?, request).await
        };
        let answered = tokio::time::timeout(self.time_limit, asked).await;
        answered.unwrap_or(Err(OutboundError::TimedOut))
    }

    async fn connect(&self, base: &BaseUrl) -> Result<TcpStream, OutboundError> {
        let found = lookup_host((base.host(), base.port())).await;
        let found = found.map_err(|_| OutboundError::Unreachable)?;
        let allowed = |address: &SocketAddr| {
            self.private == PrivateAddresses::Allowed || is_public(address.ip())
        };
        let (allowed, private): (Vec<_>, Vec<_>) = found.partition(allowed);
        if allowed.is_empty() && !private.is_empty() {
            return Err(OutboundError::PrivateAddress);
        }
        let stream = TcpStream::connect(allowed.as_slice()).await;
        stream.map_err(|_| OutboundError::Unreachable)
    }
}

fn request(
    base: &BaseUrl,
    target: &str,
    token: &SecretString,
) -> Result<Request<Empty<Bytes>>, OutboundError> {
    let bearer = format!("Bearer {}", token.expose_secret());
    let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| OutboundError::Request)?;
    bearer.set_sensitive(true);
    let request = Request::get(base.target(target))
        .header(HOST, format!("{}:{}", base.host(), base.port()))
        .header(AUTHORIZATION, bearer)
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("phocho/", env!("CARGO_PKG_VERSION")))
        .body(Empty::new());
    request.map_err(|_| OutboundError::Request)
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Empty<Bytes>>,
) -> Result<Fetched, OutboundError> {
    let opened = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(|_| OutboundError::BrokenOff)?;
    // It ends with the sender, or with the time limit that drops it.
    tokio::spawn(async { drop(connection.await) });
    let response = sender.send_request(request).await;
    let (head, body) = response.map_err(|_| OutboundError::BrokenOff)?.into_parts();
    let body = Limited::new(body, ANSWER_MAX_BYTES).collect().await;
    let body = body.map_err(|fault| {
        if fault.is::<http_body_util::LengthLimitError>() {
            OutboundError::TooLarge
        } else {
            OutboundError::BrokenOff
        }
    })?;
    Ok(Fetched {
        status: head.status.as_u16(),
        retry_after_s: retry_after(&head.headers),
        body: body.to_bytes().to_vec(),
    })
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let written = headers
        .get(SEPAY_RETRY_AFTER)
        .or_else(|| headers.get(RETRY_AFTER));
    written?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use hyper::Response;
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

    use super::*;

    const NAME: &str = "localhost";

    /// A server that proves a name to whoever trusts its certificate, and answers with what it
    /// was asked for and in whose name.
    async fn serve(name: &str) -> (u16, CertificateDer<'static>) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((NAME, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever does not trust the certificate ends the handshake.
                let Ok(stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let answer = service_fn(|request: Request<_>| async move {
                    let bearer = request.headers()[AUTHORIZATION].to_str().unwrap();
                    let told = format!("{} {bearer}", request.uri());
                    drop::<hyper::body::Incoming>(request.into_body());
                    Ok::<_, std::convert::Infallible>(Response::new(told))
                });
                let served = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                drop(served.await);
            }
        });
        (port, certificate)
    }

    fn trusting(certificate: CertificateDer<'static>) -> Outbound {
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let limit = Duration::from_secs(10);
        Outbound::trusting(roots, PrivateAddresses::Allowed, limit)
    }

    async fn ask(outbound: &Outbound, port: u16) -> Result<String, OutboundError> {
        let base = BaseUrl::parse(&format!("https://{NAME}:{port}/api"), outbound.private());
        let token = SecretString::from("a-token");
        let fetched = outbound
            .get(&base.unwrap(), "/list?since_id=7", &token)
            .await?;
        Ok(String::from_utf8(fetched.body).unwrap())
    }

    #[tokio::test]
    async fn only_a_server_that_proves_its_name_is_asked() {
        let (port, certificate) = serve(NAME).await;
        let answer = ask(&trusting(certificate.clone()), port).await.unwrap();
        assert_eq!(answer, "/api/list?since_id=7 Bearer a-token");
        // A certificate that nobody vouches for, and one of another name.
        let limit = Duration::from_secs(10);
        let usual = Outbound::new(PrivateAddresses::Allowed, limit);
        assert_eq!(ask(&usual, port).await, Err(OutboundError::Tls));
        let (port, certificate) = serve("another.example").await;
        let answer = ask(&trusting(certificate), port).await;
        assert_eq!(answer, Err(OutboundError::Tls));
    }
}
