//! The API document: its frame, and what every operation shares.

use utoipa::OpenApi;
use utoipa::openapi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::problem::{FieldErrorDocument, ProblemDocument};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "phocho",
        description = "Makes a market street cashless and shows honestly whether it worked. \
            Amounts are whole đồng; times are RFC 3339 with +07:00; unknown fields and \
            parameters are refused by name; errors are RFC 9457 problem documents in \
            Vietnamese or English by `Accept-Language`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact(),
    ),
    servers((url = "/", description = "This server")),
    components(schemas(ProblemDocument, FieldErrorDocument)),
    tags((name = "operation", description = "For whoever runs it.")),
)]
struct Frame;

/// The document without operations.
pub fn frame() -> openapi::OpenApi {
    Frame::openapi()
}

/// Adds what every operation shares.
pub fn complete(mut document: openapi::OpenApi) -> openapi::OpenApi {
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token, shown once when it was made."))
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    document
}

/// The document as it is committed and served.
pub fn to_yaml(document: &openapi::OpenApi) -> String {
    document.to_yaml().expect("the document is plain data")
}
