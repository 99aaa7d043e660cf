//! Privacy lists.

use std::sync::Arc;

use kernel::{Hold, Kernel, ListError, ListLimits};
use storage::{Kinds, PrivacyItem, PrivacyList, Subject};
use xmpp::Jid;

use super::Outcome;

const NAME: &str = "measured";
const LIMITS: ListLimits = ListLimits { lists: 10, items: 1_000, name_bytes: 100, group_bytes: 100 };

/// Gives the account a default list of so many items, none of which denies anything that is measured; none if 0.
pub async fn choose(kernel: &Arc<Kernel>, of: &Hold, items: u32) -> Outcome {
    let resource = of.resource();
    let account = resource.account();
    kernel.set_default_list(account, Some(resource), None).await.map_err(refused)?;
    if items == 0 {
        return Ok(());
    }
    let item = |order: u32| -> Outcome<PrivacyItem> {
        let subject = Subject::Jid(Jid::parse(&format!("user{order}@else.example"))?);
        Ok(PrivacyItem { order, subject, allow: false, kinds: Kinds::ALL })
    };
    let list = PrivacyList { name: NAME.into(), items: (0..items).map(item).collect::<Outcome<_>>()? };
    kernel.put_list(account, Some(resource), list, &LIMITS).await.map_err(refused)?;
    kernel.set_default_list(account, Some(resource), Some(NAME)).await.map_err(refused)?;
    Ok(())
}

fn refused(error: ListError) -> String {
    format!("the list is refused: {error:?}")
}
