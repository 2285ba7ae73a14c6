//! What the database holds of a founder, and how their time passes: each of their rows is put so much further back, which
//! is the same as the clock going forward, for them alone.

use anyhow::Result;
use gatehouse_core::vocabulary::{Interval, Plan};

use crate::access::{buy, take_back};
use crate::play::Player;

/// An order as it stands.
pub struct Order {
    pub id: String,
    pub plan: Plan,
    pub interval: Interval,
    pub amount: i64,
    pub status: String,
    /// Microseconds since 1970.
    pub paid_at: Option<i64>,
    /// When its last refund was completed.
    pub back_at: Option<i64>,
}

const ORDERS: &str = "
  select t.merchant_order_id, t.plan, t.billing_interval, t.amount, t.status,
    (extract(epoch from t.paid_at) * 1000000)::bigint,
    (select (extract(epoch from max(r.finished_at)) * 1000000)::bigint from refunds r
     where r.transaction_id = t.id and r.status = 'completed')
  from payment_transactions t where t.workspace_id::text = $1 order by t.created_at, t.id";
const REFUNDS: &str = "
  select r.merchant_refund_id from refunds r join payment_transactions t on t.id = r.transaction_id
  where t.workspace_id::text = $1 order by r.created_at, r.id";

/// The tables whose instants decide something, each with how a row is known to be this workspace's.
const TABLES: [(&str, &str); 6] = [
    ("payment_transactions", "workspace_id = $ws"),
    ("payment_order_keys", "workspace_id = $ws"),
    ("subscriptions", "workspace_id = $ws"),
    ("refunds", "transaction_id in (select id from payment_transactions where workspace_id = $ws)"),
    ("webhook_inbox", "order_id = any ($ids)"),
    ("email_outbox", "data ->> 'order_id' = any ($ids)"),
];

impl Player<'_> {
    pub async fn read_orders(&self) -> Result<Vec<Order>> {
        let rows = self.db.query(ORDERS, &[&self.founder.workspace_id]).await?;
        let word = |row: &tokio_postgres::Row, at: usize| row.get::<_, String>(at);
        Ok(rows
            .iter()
            .map(|row| Order {
                id: row.get(0),
                plan: Plan::parse(&word(row, 1)).expect("a plan"),
                interval: Interval::parse(&word(row, 2)).expect("an interval"),
                amount: row.get(3),
                status: row.get(4),
                paid_at: row.get(5),
                back_at: row.get(6),
            })
            .collect())
    }

    /// Records the orders and refunds that are new.
    pub async fn record_new_orders(&mut self) -> Result<()> {
        for order in self.read_orders().await? {
            if !self.orders.contains(&order.id) {
                self.leapt_before.insert(order.id.clone(), self.leapt);
                for user in [&self.user_id, "lease"] {
                    self.redis_keys.push(format!("order:{}:{user}", order.id));
                }
                self.orders.push(order.id);
            }
        }
        let rows = self.db.query(REFUNDS, &[&self.founder.workspace_id]).await?;
        self.refunds = rows.iter().map(|row| row.get(0)).collect();
        Ok(())
    }

    /// Takes what was captured and paid back since the last time into `access`, in the order in which it happened.
    pub async fn update_expected_access(&mut self) -> Result<()> {
        let orders = self.read_orders().await?;
        let mut news: Vec<(i64, bool, &Order)> = Vec::new();
        for order in &orders {
            news.extend(order.paid_at.map(|at| (at, false, order)));
            news.extend(order.back_at.filter(|_| order.status == "refunded").map(|at| (at, true, order)));
        }
        news.sort_by_key(|(at, back, _)| (*at, *back));
        for (at, back, order) in news {
            if !self.absorbed.insert(format!("{} {back}", order.id)) {
                continue;
            }
            let offer = (order.plan, order.interval);
            if back {
                let granted = self.granted.get(&order.id).copied().unwrap_or_default();
                take_back(&mut self.access, offer, granted, at);
            } else {
                let granted = buy(&mut self.access, offer, at);
                self.granted.insert(order.id.clone(), granted);
            }
        }
        Ok(())
    }

    /// Lets seconds pass, for the database's rows, the keys in Redis, the pages at PhonePe and this test's own account.
    pub async fn leap(&mut self, seconds: i64) -> Result<()> {
        let workspace = self.founder.workspace_id.clone();
        // Behind the workspace's lock, so that every capture lies wholly before the leap or after it.
        self.db
            .batch_execute(&format!(
                "begin; select from workspaces where id = '{workspace}' for no key update"
            ))
            .await?;
        self.update_expected_access().await?;
        let ids: Vec<String> = self.orders.iter().chain(&self.refunds).map(|id| format!("'{id}'")).collect();
        let ids = format!("array[{}]::text[]", ids.join(", "));
        let mut sql = String::new();
        for (table, which) in TABLES {
            let columns = self.world_columns(table).await?;
            let which = which.replace("$ws", &format!("'{workspace}'")).replace("$ids", &ids);
            sql +=
                &format!("update {table} set {} where {which};", columns.replace("$s", &seconds.to_string()));
        }
        self.db.batch_execute(&format!("{sql} commit")).await?;
        if let Some(access) = &mut self.access {
            access.shift(seconds * 1_000_000);
        }
        self.leapt += seconds;
        let age = "for _, key in ipairs(KEYS) do
               local left = redis.call('PTTL', key)
               if left > 0 then redis.call('PEXPIRE', key, math.max(left - ARGV[1], 0)) end
             end";
        let mut age = redis::cmd("EVAL").arg(age).arg(self.redis_keys.len()).to_owned();
        age.arg(&self.redis_keys).arg(seconds * 1_000).exec_async(&mut self.redis).await?;
        self.expire_phonepe_pages()
    }

    /// `a = a - interval '… seconds', b = …` for every instant of a table.
    async fn world_columns(&self, table: &str) -> Result<String> {
        let sql = "select string_agg(format('%1$I = %1$I - interval ''$s seconds''', attname), ', ') from pg_attribute
                   where attrelid = $1::text::regclass and atttypid = 'timestamptz'::regtype and attnum > 0 and not attisdropped and attgenerated = ''";
        Ok(self.db.query_one(sql, &[&table]).await?.get(0))
    }
}
