//! From an account to a profile: at sign-up, at once from many tabs, and after something went wrong.

mod names;
mod repair;
mod sign_up;

use uuid::Uuid;

use crate::support::Db;

const ENSURE: &str = "select public.ensure_profile()";

/// What an account has: user rows, owned workspaces, owner memberships.
async fn counts(db: &Db, account: Uuid) -> (i64, i64, i64) {
    let row = db
        .client
        .query_one(
            "select (select count(*) from public.users where auth_user_id = $1),
                    (select count(*) from public.workspaces w join public.users u on u.id = w.owner_id
                     where u.auth_user_id = $1),
                    (select count(*) from public.workspace_members m join public.users u on u.id = m.user_id
                     where u.auth_user_id = $1 and m.role = 'owner')",
            &[&account],
        )
        .await
        .expect("counts");
    (row.get(0), row.get(1), row.get(2))
}
