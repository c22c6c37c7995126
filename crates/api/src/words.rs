//! The words of the field as the interface spells them; one enum for each of the domain's.

use ahq_domain::answer::{Instead, NumberFlag, YesNo};
use ahq_domain::approval::Approval;
use ahq_domain::contribution::ContributionStatus;
use ahq_domain::dissemination::Circle;
use ahq_domain::extension::Outcome;
use ahq_domain::launch::Addressed;
use ahq_domain::notification::MailWish;
use ahq_domain::office::{OfficeKind, Standing};
use ahq_domain::query::{Audience, Status};
use ahq_domain::question::KindName;
use ahq_domain::response::ResponseStatus;
use ahq_domain::token::Scope;
use ahq_domain::user::{Role, UserStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident as $schema:ident for $domain:ident { $($(#[$word_doc:meta])* $word:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $schema)]
        pub(crate) enum $name {
            $($(#[$word_doc])* $word),+
        }

        impl From<$domain> for $name {
            fn from(word: $domain) -> Self {
                match word {
                    $($domain::$word => Self::$word),+
                }
            }
        }

        impl From<$name> for $domain {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$word => Self::$word),+
                }
            }
        }
    };
}

words! {
    /// How far an answer may go: requester (the requesters and the Commission), network (also the audience and the
    /// service provider), public (everybody). "Wider dissemination" is Yes for public, No for the others.
    CircleWord as Circle for Circle { Requester, Network, Public }
}
words! {
    /// Where a query stands, computed from its facts and the clock.
    StatusWord as QueryStatus for Status { Draft, Withdrawn, Published, Compiled, Closed, Open }
}
words! {
    /// What becomes of a request for a later deadline: granted (to the office that asked), granted_to_all, declined.
    OutcomeWord as ExtensionOutcome for Outcome { Granted, GrantedToAll, Declined }
}
words! {
    /// How much mail a user wants: at_once (everything at once, reminders once a day), digest (everything in one mail a
    /// day), obligations (what the office has to do something about, in one mail a day).
    MailWord as MailWish for MailWish { AtOnce, Digest, Obligations }
}
words! {
    /// Which offices make up the network for one query.
    AudienceWord as Audience for Audience { Addressed, Members, MembersAndObservers }
}
words! {
    /// Whom a launch addresses.
    AddressedWord as Addressed for Addressed { Members, MembersAndObservers, List }
}
words! {
    /// What kind of answer a question asks for.
    KindWord as QuestionKind for KindName { Text, YesNo, SingleChoice, MultipleChoice, Number, Date, Table }
}
words! {
    /// Where a response stands.
    ResponseStatusWord as ResponseStatus for ResponseStatus { Drafting, AwaitingApproval, Submitted, Declined }
}
words! {
    /// Whether a response needs the approval of a second coordinator: the office does not want it; it does, and has fewer
    /// than two active coordinators, so that the rule is off; the rule is in force.
    ApprovalWord as ApprovalRule for Approval { Off, TooFewCoordinators, InForce }
}
words! {
    /// Where a contribution stands.
    ContributionStatusWord as ContributionStatus for ContributionStatus { Asked, Returned, Declined, Ended, Revoked }
}
words! {
    /// How an office takes part.
    StandingWord as Standing for Standing { Member, Observer, Guest, Commission, ServiceProvider }
}
words! {
    /// What an office is.
    OfficeKindWord as OfficeKind for OfficeKind { NationalContactPoint, Commission, ServiceProvider }
}
words! {
    /// What a user may do inside an office; each role contains the ones before it.
    RoleWord as Role for Role { Reader, Expert, Coordinator }
}
words! {
    /// What a token of a program may be used for: read (what a reader of the office reads), draft (what an expert drafts),
    /// submit (the office's responses: submitted, retracted and declined).
    ScopeWord as Scope for Scope { Read, Draft, Submit }
}
words! {
    /// Where an account stands.
    UserStatusWord as UserStatus for UserStatus { Invited, Active, Disabled }
}
words! {
    /// The answer to a yes/no question.
    YesNoWord as YesNo for YesNo { Yes, No, Partly, Unknown }
}
words! {
    /// A word that may stand instead of any answer.
    InsteadWord as Instead for Instead { NotApplicable, NoInformation, ToFollow }
}
words! {
    /// How sure a number is.
    NumberFlagWord as NumberFlag for NumberFlag { Estimate, Provisional }
}
