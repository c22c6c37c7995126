//! Calendars: the calculator, holidays replaced, and who hears of it.

use ahq_domain::user::Role;
use serde_json::{Value, json};

use crate::on_both;
use crate::scenario::{etag, launched_to};

on_both!(the_calculator_names_each_skipped_day, |app| {
    let lead = app.coordinator("LU").await;
    let counted = async |keys: &str| {
        let reply = lead.get(&format!("/calendar/working-days?{keys}")).await.expect(200);
        reply.json["items"].as_array().expect("counts").clone()
    };
    let forward = counted("from=2026-12-23&days=1").await;
    assert_eq!(
        (&forward[0]["office"], &forward[0]["to"]),
        (&json!("COM"), &json!("2027-01-04")),
        "the Commission closes at the end of the year"
    );
    let skipped = forward[0]["skipped"].as_array().expect("days").clone();
    assert_eq!(skipped.len(), 11);
    assert_eq!(
        skipped[0],
        json!({"date": "2026-12-24", "kind": "holiday", "reason": "End-of-year closure"})
    );
    assert_eq!(counted("from=2027-01-04&days=-1").await[0]["to"], "2026-12-23");
    let between = counted("from=2026-11-02&to=2026-11-13&office=PL,COM,GR").await;
    let told: Vec<(&Value, &Value)> = between.iter().map(|one| (&one["office"], &one["days"])).collect();
    assert_eq!(
        told,
        [
            (&json!("PL"), &json!(8)),
            (&json!("COM"), &json!(9)),
            (&json!("EL"), &json!(9))
        ],
        "11 November is Poland's Independence Day"
    );
    let holidays: Vec<&Value> = between[0]["skipped"]
        .as_array()
        .expect("days")
        .iter()
        .filter(|day| day["kind"] == "holiday")
        .collect();
    assert_eq!(holidays.len(), 1);
    assert_eq!(holidays[0]["date"], "2026-11-11");
    for (keys, codes) in [
        ("from=2026-11-02", vec!["wrong_number"]),
        ("from=2026-11-02&days=1&to=2026-11-03", vec!["wrong_number"]),
        ("from=2050-11-02&days=1", vec!["no_calendar"]),
        (
            "from=2026-11-02&days=1&office=UA,LU,XX",
            vec!["no_calendar", "no_calendar"],
        ),
        (
            "from=2026-11-02&days=1&office=luxembourg,LU,x",
            vec!["bad_office", "bad_office"],
        ),
    ] {
        let reply = lead.get(&format!("/calendar/working-days?{keys}")).await.expect(400);
        let found: Vec<String> = reply.faults().into_iter().map(|(_, code)| code).collect();
        assert_eq!(found, codes, "{keys}");
    }
});

on_both!(the_service_provider_replaces_a_year, |app| {
    let provider = app.coordinator("SP").await;
    let (expert, luxembourg) = (app.user("SP", Role::Expert).await, app.coordinator("LU").await);
    let path = "/calendar/holidays/LU/2027";
    let known = provider.get(path).await.expect(200);
    assert_eq!(known.json["actions"], json!(["change"]));
    assert_eq!(luxembourg.get(path).await.expect(200).json["actions"], json!([]));
    let mut days = known.json["holidays"].as_array().expect("days").clone();
    days.retain(|day| day["date"] != "2027-06-23");
    days.push(json!({"date": "2027-06-24", "name": "National Day, moved"}));
    let body = json!({"holidays": days});
    for client in [&expert, &luxembourg] {
        client.put_if(path, &known.etag(), &body).await.expect(403);
    }
    // What is read-only may be sent back.
    let mut whole = known.json.clone();
    whole["holidays"] = json!(days);
    let changed = provider.put_if(path, &known.etag(), &whole).await.expect(200);
    assert_ne!(changed.json["version"], known.json["version"]);
    assert_eq!(changed.json, provider.get(path).await.expect(200).json);
    let stale = provider.put_if(path, &known.etag(), &body).await.expect(412);
    assert_eq!(stale.code(), "stale");
    let counted = luxembourg
        .get("/calendar/working-days?from=2027-06-22&days=1&office=LU")
        .await
        .expect(200);
    assert_eq!(counted.json["items"][0]["to"], "2027-06-23");
    let year_after = provider.get("/calendar/holidays/LU/2028").await.expect(200);
    assert_eq!(
        (
            &year_after.json["holidays"][0]["date"],
            &luxembourg.get(path).await.json["holidays"][0]["date"]
        ),
        (&json!("2028-01-01"), &json!("2027-01-01")),
        "other years stay"
    );

    let wrong = json!({"holidays": [
        {"date": "2026-06-23", "name": " "}, {"date": "2027-06-23", "name": "One"}, {"date": "2027-06-23", "name": "Two"}]});
    let refused = provider.put_if(path, &changed.etag(), &wrong).await.expect(400);
    let faults = refused.faults();
    let faults: Vec<_> = faults.iter().map(|(at, code)| (at.as_str(), code.as_str())).collect();
    assert_eq!(
        faults,
        [
            ("/holidays/0/date", "other_year"),
            ("/holidays/0/name", "missing_field"),
            ("/holidays/2/date", "not_unique")
        ]
    );
    let none = provider
        .put_if(path, &changed.etag(), &json!({"holidays": []}))
        .await
        .expect(400);
    assert_eq!(none.faults(), [("/holidays".to_owned(), "too_few".to_owned())]);
    for nowhere in ["XX/2027", "luxembourg/2027", "LU/1899", "LU/99999"] {
        provider.get(&format!("/calendar/holidays/{nowhere}")).await.expect(404);
    }
    // A year without data begins with the version of none.
    let empty = provider.get("/calendar/holidays/LU/2199").await.expect(200);
    assert_eq!(empty.json["holidays"], json!([]));
    let begun = json!({"holidays": [{"date": "2199-06-23", "name": "National Day"}]});
    provider
        .put_if("/calendar/holidays/LU/2199", &empty.etag(), &begun)
        .await
        .expect(200);
});

on_both!(launch_and_extension_warn_of_holidays, |app| {
    let lead = app.coordinator("LU").await;
    let path = launched_to(&lead, &json!({"addressed": "list", "offices": ["PL", "SK", "AT"]})).await;
    // Saturday; Monday is a working day of the Commission, Epiphany was on the Wednesday before in Poland and Slovakia.
    for (date, deadline, warnings) in [
        (
            "2027-01-06",
            "2027-01-06",
            json!(["holiday in AT, PL and SK on that day"]),
        ),
        ("2027-01-07", "2027-01-07", json!([])),
        (
            "2027-01-09",
            "2027-01-11",
            json!(["9 January 2027 is not a working day: the deadline is the next one, 11 January 2027"]),
        ),
    ] {
        let tag = etag(&lead, &path).await;
        let body = json!({"deadline": date, "reason": "Several asked for more time."});
        let tried = lead
            .post_if(&format!("{path}/extensions?dryRun=true"), &tag, &body)
            .await
            .expect(200);
        assert_eq!(
            (&tried.json["deadline"], &tried.json["warnings"]),
            (&json!(deadline), &warnings)
        );
        assert_eq!(etag(&lead, &path).await, tag, "nothing has happened");
    }
    let back = json!({"deadline": "2026-11-04", "reason": "Too soon."});
    let tag = etag(&lead, &path).await;
    let refused = lead
        .post_if(&format!("{path}/extensions?dryRun=true"), &tag, &back)
        .await
        .expect(400);
    assert_eq!(refused.faults()[0].1, "deadline_not_later");
});

on_both!(requesters_hear_of_a_holiday_on_a_deadline, |app| {
    let (lead, provider) = (app.coordinator("LU").await, app.coordinator("SP").await);
    let path = launched_to(&lead, &json!({"addressed": "list", "offices": ["PL", "AT"]})).await;
    let deadline = lead.get(&path).await.json["deadline"].clone();
    assert_eq!(deadline, "2026-12-01");
    let before = app.deliver().await.len();
    let add = async |office: &str, date: &str| {
        let year = format!("/calendar/holidays/{office}/2026");
        let known = provider.get(&year).await.expect(200);
        let mut days = known.json["holidays"].as_array().expect("days").clone();
        days.push(json!({"date": date, "name": format!("A new day of {office}")}));
        let body = json!({"holidays": days});
        provider.put_if(&year, &known.etag(), &body).await.expect(200);
    };
    // Another day, and an office that is not asked, concern nobody.
    add("PL", "2026-12-02").await;
    add("FR", "2026-12-01").await;
    assert_eq!(app.deliver().await.len(), before);
    add("PL", "2026-12-01").await;
    let mails = app.deliver().await;
    assert_eq!(mails.len(), before + 1);
    let mail = &mails[before];
    assert_eq!(mail.to.address, "ncp-lu@example.org");
    assert_eq!(
        mail.content.subject(),
        "[EMN AHQ 2026.1] Holiday of EMN NCP Poland: Missing unaccompanied minors"
    );
    assert!(
        mail.content.text().contains("A new day of PL"),
        "{}",
        mail.content.text()
    );
    assert_eq!(lead.get(&path).await.json["deadline"], deadline, "it moves no deadline");

    // What no longer holds is not sent: the day is taken back before the mail leaves.
    let year = "/calendar/holidays/AT/2026";
    let known = provider.get(year).await.expect(200);
    add("AT", "2026-12-01").await;
    let now = provider.get(year).await.expect(200);
    provider.put_if(year, &now.etag(), &known.json).await.expect(200);
    assert_eq!(app.deliver().await.len(), before + 1);

    // The exchange's own calendar concerns every deadline, and an import of an operator tells as well.
    let days = [("COM", "2026-12-01"), ("PL", "2026-12-01"), ("AT", "2026-12-01")].map(|(office, date)| {
        let office = office.parse().expect("a code");
        (office, date.parse().expect("a day"), "A day for all".to_owned())
    });
    let import = async || {
        let days = days.to_vec();
        let work = app
            .exchange()
            .write(ahq_exchange::credentials::Credentials::System, move |work| {
                work.import_holidays(days)
            });
        work.await.expect("they are imported")
    };
    let replaced = import().await;
    assert_eq!((replaced.years, replaced.added), (3, 2), "Poland had it already");
    assert!(replaced.removed > 20);
    let mails = app.deliver().await;
    assert_eq!(mails.len(), before + 2, "one message for each query and day");
    assert_eq!(
        mails[before + 1].content.subject(),
        "[EMN AHQ 2026.1] Holiday of EMN NCP Austria and the Commission: Missing unaccompanied minors"
    );
    let again = import().await;
    assert_eq!((again.years, again.added, again.removed), (3, 0, 0));
    assert_eq!(app.deliver().await.len(), before + 2);
});
