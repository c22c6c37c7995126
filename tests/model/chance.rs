//! Chance: how often each step is chosen, and in which order, so that sequences get somewhere.

use proptest::prelude::*;

use crate::step::{
    Asked, Audience, CHANGING, Caller, Circle, Moment, Office, Role, Says, Sent, Sequence, Step, What, Wish,
};

const LEAD: Caller = Caller::User(Office::Lu, Role::Coordinator);

fn any_caller() -> impl Strategy<Value = Caller> {
    proptest::sample::select(Caller::ALL.to_vec())
}

/// Mostly the one who may.
fn mostly(caller: Caller) -> impl Strategy<Value = Caller> {
    prop_oneof![12 => Just(caller), 1 => any_caller()]
}

fn office_that_answers() -> impl Strategy<Value = Office> {
    prop_oneof![
        12 => Just(Office::At),
        8 => Just(Office::Be),
        3 => Just(Office::Nl),
        1 => Just(Office::No),
        1 => Just(Office::Lu),
        1 => Just(Office::Com),
        1 => proptest::sample::select(Office::ALL.to_vec()),
    ]
}

fn circle() -> impl Strategy<Value = Circle> {
    proptest::sample::select(Circle::ALL.to_vec())
}

fn wish() -> impl Strategy<Value = Wish> {
    let deadline = prop_oneof![
        50 => Just(None),
        1 => Just(Some(-1)),
        1 => Just(Some(1)),
        2 => Just(Some(8)),
        10 => Just(Some(25)),
        1 => Just(Some(95)),
    ];
    let default = prop_oneof![3 => Just(Circle::Public), 1 => circle()];
    (proptest::bool::weighted(0.1), default, deadline, any::<bool>()).prop_map(
        |(never_public, default_circle, deadline, urgent_reason)| Wish {
            never_public,
            default_circle,
            deadline,
            urgent_reason,
        },
    )
}

fn sent(question: usize) -> BoxedStrategy<Sent> {
    let says = if question == 0 {
        prop_oneof![5 => Just(Says::Yes), 2 => Just(Says::No), 1 => Just(Says::ToFollow)].boxed()
    } else {
        prop_oneof![7 => (0_u8..100).prop_map(Says::Text), 1 => Just(Says::ToFollow)].boxed()
    };
    let circle = prop_oneof![1 => Just(None), 2 => circle().prop_map(Some)];
    (says, circle).prop_map(|(says, circle)| Sent { says, circle }).boxed()
}

fn answers() -> impl Strategy<Value = [Option<Sent>; 3]> {
    let some = |question, weight| proptest::option::weighted(weight, sent(question));
    // An answer to a question that is not asked is refused at submission: mostly the two fit one another.
    (some(0, 0.95), some(1, 0.9), some(2, 0.5), proptest::bool::weighted(0.8)).prop_map(
        |(first, second, third, fit)| {
            let asked = first.is_some_and(|first| first.says == Says::Yes);
            [first, second.filter(|_| asked || !fit), third]
        },
    )
}

fn launch() -> impl Strategy<Value = What> {
    let lists: [&'static [Office]; 4] = [
        &[Office::At],
        &[Office::At, Office::Be],
        &[Office::At, Office::Be, Office::No],
        &[Office::Nl, Office::At],
    ];
    let asked = prop_oneof![
        6 => Just(Asked::Members),
        5 => Just(Asked::MembersAndObservers),
        8 => proptest::sample::select(lists.to_vec()).prop_map(Asked::List),
        1 => Just(Asked::List(&[Office::At, Office::Uk])),
    ];
    let audience = prop_oneof![
        4 => Just(None),
        1 => Just(Some(Audience::Addressed)),
        1 => Just(Some(Audience::Members)),
        1 => Just(Some(Audience::MembersAndObservers)),
    ];
    (asked, proptest::bool::weighted(0.3), audience).prop_map(|(asked, commission, audience)| What::Launch {
        asked,
        commission,
        audience,
    })
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        2 => Just(Moment::NextDay),
        2 => Just(Moment::BeforeDeadline),
        5 => Just(Moment::Deadline),
        1 => Just(Moment::BeforePublication),
        4 => Just(Moment::Publication),
        1 => Just(Moment::ProviderWaits),
        2 => Just(Moment::ProviderMay),
        1 => Just(Moment::BeforeTwelveMonths),
        1 => Just(Moment::TwelveMonths),
    ]
}

fn of_lead(what: impl Strategy<Value = What> + 'static) -> BoxedStrategy<(Caller, What)> {
    (mostly(LEAD), what).boxed()
}

fn of_office<S: Strategy<Value = What> + 'static>(
    what: impl Fn(Office) -> S + 'static,
) -> BoxedStrategy<(Caller, What)> {
    office_that_answers()
        .prop_flat_map(move |office| (mostly(Caller::User(office, Role::Coordinator)), what(office)))
        .boxed()
}

fn before_launch() -> BoxedStrategy<(Caller, What)> {
    let joint = proptest::sample::select(vec![
        Office::Nl,
        Office::Nl,
        Office::Com,
        Office::At,
        Office::Sp,
        Office::Uk,
    ]);
    prop_oneof![
        2 => (prop_oneof![mostly(LEAD), mostly(CHANGING)], wish().prop_map(What::Change)),
        3 => of_lead(joint.prop_map(What::Invite)),
        3 => (mostly(Caller::User(Office::Nl, Role::Coordinator)), Just(What::AcceptInvitation)),
        1 => (mostly(Caller::User(Office::Com, Role::Coordinator)), Just(What::AcceptInvitation)),
    ]
    .boxed()
}

/// Steps of one caller in a row.
fn in_a_row(by: Caller, all: impl IntoIterator<Item = What>) -> Vec<Step> {
    let step = |what| Step { by, what, stale: false };
    all.into_iter().map(step).collect()
}

/// A draft and its submission by the same office, and now and then another circle.
fn answered() -> impl Strategy<Value = Vec<Step>> {
    let change = proptest::option::weighted(0.2, (circle(), proptest::option::of(0_usize..3)));
    (office_that_answers(), answers(), change).prop_map(|(office, answers, change)| {
        let change = change.map(|(circle, question)| What::ChangeCircles(office, circle, question));
        let all = [What::SaveDraft(office, answers), What::Submit(office)]
            .into_iter()
            .chain(change);
        in_a_row(Caller::User(office, Role::Coordinator), all)
    })
}

/// An office that declines and thinks better of it.
fn resumed() -> impl Strategy<Value = Vec<Step>> {
    office_that_answers().prop_map(|office| {
        let all = [What::Decline(office), What::Resume(office)];
        in_a_row(Caller::User(office, Role::Coordinator), all)
    })
}

/// An office that is invited to ask jointly and accepts.
fn joined() -> impl Strategy<Value = Vec<Step>> {
    proptest::sample::select(vec![Office::Nl, Office::Com]).prop_map(|office| {
        let mut steps = in_a_row(LEAD, [What::Invite(office)]);
        steps.extend(in_a_row(
            Caller::User(office, Role::Coordinator),
            [What::AcceptInvitation],
        ));
        steps
    })
}

/// An edition that is sent or signed, announced, in force or not, and perhaps taken back.
fn released() -> impl Strategy<Value = Vec<Step>> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(send, in_force, back)| {
        let mut all = vec![
            What::Compile,
            if send { What::Send } else { What::Sign },
            What::Publish(0),
        ];
        all.extend(in_force.then_some(What::Pass(Moment::Publication)));
        all.extend(back.then_some(What::Unpublish));
        in_a_row(LEAD, all)
    })
}

/// Some steps in a row, an answer given now and then among them.
fn several(what: BoxedStrategy<(Caller, What)>, most: usize) -> impl Strategy<Value = Vec<Step>> {
    let some = prop_oneof![16 => step(what).prop_map(|step| vec![step]), 10 => answered(), 1 => resumed()];
    proptest::collection::vec(some, 0..most).prop_map(|steps| steps.concat())
}

fn answering(amending: u32) -> BoxedStrategy<(Caller, What)> {
    prop_oneof![
        6 => of_office(|office| answers().prop_map(move |answers| What::SaveDraft(office, answers))),
        3 => of_office(|office| (0_usize..3).prop_flat_map(move |question| {
            sent(question).prop_map(move |sent| What::SaveAnswer(office, question, sent))
        })),
        4 => of_office(|office| (0_usize..3).prop_map(move |question| What::RemoveAnswer(office, question))),
        6 => of_office(|office| Just(What::Submit(office))),
        3 => of_office(|office| Just(What::Decline(office))),
        2 => of_office(|office| Just(What::Resume(office))),
        1 + amending => of_office(|office| Just(What::Retract(office))),
        1 + 4 * amending => of_office(|office| {
            (circle(), proptest::option::of(0_usize..3))
                .prop_map(move |(circle, question)| What::ChangeCircles(office, circle, question))
        }),
    ]
    .boxed()
}

/// Seldom: what was for the draft, a withdrawal, another role for the changing user.
fn seldom() -> BoxedStrategy<(Caller, What)> {
    let role = prop_oneof![
        Just(None),
        Just(Some(Role::Reader)),
        Just(Some(Role::Expert)),
        Just(Some(Role::Coordinator))
    ];
    prop_oneof![
        2 => before_launch(),
        1 => of_lead(launch()),
        1 => (mostly(LEAD), Just(What::Delete)),
        1 => of_lead(Just(What::Withdraw)),
        1 => (Just(Caller::User(Office::Sp, Role::Coordinator)), Just(What::SetRole(Some(Role::Coordinator)))),
        3 => of_lead(role.prop_map(What::SetRole)),
        4 => (mostly(CHANGING), proptest::sample::select(vec![What::Close, What::Compile, What::Publish(0)])),
    ]
    .boxed()
}

fn while_open() -> BoxedStrategy<(Caller, What)> {
    prop_oneof![
        24 => answering(0),
        2 => seldom(),
        1 => of_lead(Just(What::Close)),
        2 => of_lead(proptest::sample::select(vec![-1, 0, 3, 10, 100]).prop_map(What::Extend)),
        1 => of_lead(Just(What::Compile)),
        3 => (Just(Caller::Nobody), moment().prop_map(What::Pass)),
    ]
    .boxed()
}

/// Closed early or by the clock.
fn closing() -> BoxedStrategy<(Caller, What)> {
    prop_oneof![
        1 => of_lead(Just(What::Close)),
        4 => (Just(Caller::Nobody), Just(What::Pass(Moment::Deadline))),
    ]
    .boxed()
}

fn compiling() -> BoxedStrategy<(Caller, What)> {
    let provider = Caller::User(Office::Sp, Role::Coordinator);
    prop_oneof![
        12 => answering(2),
        2 => seldom(),
        1 => of_lead(proptest::sample::select(vec![3, 10]).prop_map(What::Extend)),
        7 => of_lead(Just(What::Compile)),
        1 => (Just(provider), Just(What::Compile)),
        5 => of_lead(prop_oneof![5 => Just(0_u32), 2 => Just(1), 1 => Just(9)].prop_map(What::Publish)),
        2 => of_lead(Just(What::Unpublish)),
        2 => of_lead(Just(What::Sign)),
        1 => of_lead(Just(What::Send)),
        5 => (Just(Caller::Nobody), moment().prop_map(What::Pass)),
    ]
    .boxed()
}

fn step(what: BoxedStrategy<(Caller, What)>) -> impl Strategy<Value = Step> {
    (what, proptest::bool::weighted(0.03)).prop_map(|((by, what), stale)| Step { by, what, stale })
}

/// A life of a query: now and then something before its launch, the launch, answers, its end and what comes after it.
pub(crate) fn sequence() -> impl Strategy<Value = Sequence> {
    let delete = (mostly(LEAD), Just(What::Delete)).boxed();
    let one = step(before_launch()).prop_map(|step| vec![step]);
    let begin = proptest::collection::vec(prop_oneof![3 => one, 1 => joined()], 0..4);
    let delete = proptest::option::weighted(0.06, step(delete));
    let launched = step(of_lead(launch()));
    let open = several(while_open(), 9);
    let closed = step(closing());
    let end = (
        several(compiling(), 9),
        proptest::option::of(released()),
        several(compiling(), 9),
    );
    let readers = proptest::sample::subsequence(Caller::ALL.to_vec(), 2);
    (
        mostly(LEAD),
        wish(),
        begin,
        delete,
        launched,
        open,
        closed,
        end,
        readers,
    )
        .prop_map(|(by, wish, begin, delete, launched, open, closed, end, readers)| {
            let mut steps = begin.concat();
            steps.extend(delete);
            steps.push(launched);
            steps.extend(open);
            steps.push(closed);
            steps.extend(end.0);
            steps.extend(end.1.into_iter().flatten());
            steps.extend(end.2);
            Sequence {
                by,
                wish,
                steps,
                readers,
            }
        })
}
