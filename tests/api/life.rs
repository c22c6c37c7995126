//! The main job, end to end.

use ahq_domain::user::Role;
use serde_json::json;

use crate::on_both;
use crate::scenario::{answered, answers, compiled, draft, drafted, etag, launched};

on_both!(a_query_from_draft_to_publication, |app| {
    let lead = app.coordinator("LU").await;
    let (path, tag) = drafted(&lead, &draft()).await;
    let read = lead.get(&path).await.expect(200);
    assert_eq!(read.json["title"], "Missing unaccompanied minors");
    assert_eq!(read.json["status"], "draft");
    assert_eq!(
        read.json["actions"],
        json!(["change", "delete", "inviteJoint", "launch"])
    );

    let dry = lead
        .post_if(
            &format!("{path}/launch?dryRun=true"),
            &tag,
            &json!({"addressed": "members"}),
        )
        .await
        .expect(200);
    assert_eq!(dry.json["workingDays"], 20);
    assert_eq!(dry.json["addressees"].as_array().map(Vec::len), Some(25));
    assert_eq!(lead.get(&path).await.json["status"], "draft");

    let open = lead
        .post_if(&format!("{path}/launch"), &tag, &json!({"addressed": "members"}))
        .await
        .expect(200);
    assert_eq!(open.json["number"], "2026.1");
    assert_eq!(open.json["status"], "open");
    assert_eq!(open.json["deadline"], "2026-12-01");
    assert_eq!(open.json["deadlineEnds"], "2026-12-01T23:00:00Z");
    assert_eq!(app.deliver().await.len(), 25, "one message for each office asked");

    let (at, nl) = (app.coordinator("AT").await, app.coordinator("NL").await);
    let by_number = "/queries/2026.1";
    answered(&at, by_number, "AT", &answers("AT")).await;
    answered(&nl, by_number, "NL", &answers("NL")).await;
    let be = app.coordinator("BE").await;
    be.post(
        &format!("{path}/responses/BE/declination"),
        &json!({"reason": "No staff."}),
    )
    .await
    .expect(200);

    let early = lead
        .post_if(&format!("{path}/editions"), &etag(&lead, &path).await, &json!({}))
        .await
        .expect(409);
    assert_eq!(early.code(), "wrong_status");

    app.set_clock("2026-12-02T09:00:00Z");
    assert_eq!(lead.get(&path).await.json["status"], "closed");
    assert_eq!(compiled(&lead, &path).await, 1);
    assert_eq!(lead.get(&path).await.json["status"], "compiled");

    let editions = lead.get(&format!("{path}/editions")).await.expect(200);
    assert_eq!(editions.json["items"][0]["actions"], json!(["publish"]));
    let theirs = at.get(&format!("{path}/editions")).await.expect(200);
    assert_eq!(theirs.json["items"][0]["actions"], json!([]));

    let summary = format!("{path}/summary");
    let begun = lead.get(&summary).await.expect(200);
    assert!(
        begun.json["findings"]
            .as_str()
            .is_some_and(|text| text.contains("register"))
    );
    let text = json!({"background": "Why.", "respondents": "Two answered.", "findings": "- All register."});
    let edited = lead.put_if(&summary, &begun.etag(), &text).await.expect(200);
    lead.post_if(&format!("{summary}/signature"), &edited.etag(), &json!({}))
        .await
        .expect(200);
    let mails = app.deliver().await;
    assert_eq!(
        mails.len(),
        25 + 26,
        "the compilation goes to 25 offices and the Commission"
    );

    let page = at.get(&format!("{path}/editions/1?format=html")).await.expect(200);
    assert!(
        page.text.contains("Responses from Austria, Netherlands (2 in total)"),
        "{}",
        page.text
    );
    assert!(page.text.contains("Declined: Belgium"));
    assert!(page.text.contains("All register."));
    assert_eq!(
        page.header("content-disposition").as_deref(),
        Some("inline; filename=\"EMN_AHQ_2026.1_edition-1_network.html\"")
    );

    let public = app.public();
    public.get("/public/queries/2026.1/edition").await.expect(404);
    let announced = lead
        .post_if(
            &format!("{path}/publication"),
            &etag(&lead, &path).await,
            &json!({"edition": 1}),
        )
        .await
        .expect(200);
    assert_eq!(announced.json["status"], "compiled");
    assert_eq!(announced.json["publication"]["publicFrom"], "2026-12-07T23:00:00Z");
    assert_eq!(app.deliver().await.len(), 51 + 2, "the respondents are told ahead");
    public.get("/public/queries/2026.1/edition").await.expect(404);

    app.set_clock("2026-12-07T23:00:00Z");
    // Sessions last thirty days at the most.
    let lead = app.sign_in("lu.coordinator@example.org").await;
    let published = public
        .get("/public/queries/2026.1/edition?format=json")
        .await
        .expect(200);
    assert_eq!(published.json["view"]["circle"], "public");
    assert_eq!(public.get("/public/queries").await.json["items"][0]["number"], "2026.1");
    assert_eq!(app.deliver().await.len(), 53 + 27, "everybody is told");

    lead.delete_if(&format!("{path}/publication"), &etag(&lead, &path).await)
        .await
        .expect(200);
    public.get("/public/queries/2026.1/edition").await.expect(404);
    assert_eq!(public.get("/public/queries").await.json["items"], json!([]));
});

on_both!(a_joint_query_is_asked_together, |app| {
    let lead = app.coordinator("LU").await;
    let (nl, com) = (app.coordinator("NL").await, app.user("COM", Role::Coordinator).await);
    let (path, tag) = drafted(&lead, &draft()).await;
    nl.get(&path).await.expect(404);
    let mut tag = tag;
    for office in ["NL", "COM"] {
        let invited = lead
            .post_if(&format!("{path}/joint-offices"), &tag, &json!({"office": office}))
            .await
            .expect(200);
        tag = invited.etag();
    }
    for client in [&nl, &com] {
        let seen = client.get(&path).await.expect(200);
        assert_eq!(seen.json["actions"], json!(["acceptJoint"]));
        client
            .post_if(&format!("{path}/joint-acceptance"), &seen.etag(), &json!({}))
            .await
            .expect(200);
    }
    let tag = etag(&lead, &path).await;
    lead.post_if(&format!("{path}/launch"), &tag, &json!({"addressed": "members"}))
        .await
        .expect(200);
    nl.post_if(
        &format!("{path}/withdrawal"),
        &etag(&nl, &path).await,
        &json!({"reason": "No."}),
    )
    .await
    .expect(403);
    app.set_clock("2026-12-02T09:00:00Z");
    compiled(&lead, &path).await;
    let page = nl
        .get(&format!("{path}/editions/1?format=html&circle=requester"))
        .await
        .expect(200);
    assert!(
        page.text
            .contains("Requested by EMN NCP Luxembourg, EMN NCP Netherlands and the Commission on 3 November 2026")
    );
});

on_both!(a_withdrawn_query_takes_no_answers_and_says_why, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched(&lead).await;
    let at = app.coordinator("AT").await;
    lead.post_if(
        &format!("{path}/withdrawal"),
        &etag(&lead, &path).await,
        &json!({"reason": "Asked elsewhere."}),
    )
    .await
    .expect(200);
    let seen = at.get(&path).await.expect(200);
    assert_eq!(seen.json["status"], "withdrawn");
    assert_eq!(seen.json["withdrawn"]["reason"], "Asked elsewhere.");
    let refused = at
        .put(&format!("{path}/responses/AT"), &answers("AT"))
        .await
        .expect(409);
    assert_eq!(refused.code(), "withdrawn");
});
