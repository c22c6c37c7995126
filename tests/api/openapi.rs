//! The published document: in git as the code has it, and free to read.

use ahq_api::document;

use crate::on_both;

#[test]
fn the_document_in_git_is_the_one_of_the_code() {
    let written = include_str!("../../openapi/ahq.json");
    let code = format!("{:#}\n", document());
    assert!(
        written == code,
        "openapi/ahq.json is not what the code says: run `cargo run -- openapi --write openapi/ahq.json`"
    );
}

on_both!(the_document_is_for_everybody, |app| {
    let reply = app.public().get("/openapi.json").await.expect(200);
    assert_eq!(reply.header("access-control-allow-origin").as_deref(), Some("*"));
    assert_eq!(reply.json, document());
    let docs = app.public().get("!/docs/").await.expect(200);
    assert!(docs.text.contains("swagger-ui"));
    app.public().get("!/health/live").await.expect(200);
    app.public().get("!/health/ready").await.expect(200);
});
