-- An installation that predates these migrations, as it really stood, with rows in every table and with the faults that
-- made it fail: two sign-up triggers, one of which needs a column that members lack; policies that let everybody in or
-- compare the two kinds of id; a price list without row-level security; amounts in dollars.

create function public.update_updated_at_column() returns trigger language plpgsql as $$
begin new.updated_at = now(); return new; end $$;

create table public.users (
  id uuid primary key default gen_random_uuid(),
  auth_user_id uuid not null unique references auth.users (id) on delete cascade,
  email varchar(255) not null unique,
  full_name varchar(255),
  avatar_url text,
  subscription_plan varchar(50) default 'none' check (subscription_plan in ('none', 'trial', 'soar', 'glide', 'ascent')),
  subscription_status varchar(50) default 'none'
    check (subscription_status in ('none', 'trial', 'active', 'cancelled', 'expired')),
  subscription_expires_at timestamptz,
  trial_expires_at timestamptz,
  has_completed_onboarding boolean default false,
  onboarding_step varchar(50) default 'welcome',
  is_active boolean default true,
  email_verified boolean default false,
  preferences jsonb default '{}',
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  last_login_at timestamptz
);
create table public.workspaces (
  id uuid primary key default gen_random_uuid(),
  name varchar(255) not null,
  slug varchar(255) unique not null,
  description text,
  owner_id uuid not null references public.users (id) on delete cascade,
  max_icp_profiles int default 3,
  max_campaigns int default 5,
  max_team_members int default 1,
  is_active boolean default true,
  is_trial boolean default true,
  settings jsonb default '{}',
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create table public.workspace_members (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references public.users (id) on delete cascade,
  role varchar(50) default 'member' check (role in ('owner', 'admin', 'member')),
  permissions jsonb default '{}',
  is_active boolean default true,
  invited_at timestamptz,
  joined_at timestamptz default now(),
  unique (workspace_id, user_id)
);
create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id),
  workspace_id uuid not null references public.workspaces (id),
  plan varchar(50) not null check (plan in ('trial', 'soar', 'glide', 'ascent')),
  status varchar(50) default 'trial' check (status in ('trial', 'active', 'cancelled', 'expired')),
  amount int not null,
  currency varchar(3) default 'USD',
  billing_interval varchar(20) default 'month' check (billing_interval in ('month', 'year')),
  provider varchar(50) default 'stripe',
  provider_subscription_id varchar(255),
  provider_customer_id varchar(255),
  is_trial boolean default true,
  trial_ends_at timestamptz,
  current_period_start timestamptz default now(),
  current_period_end timestamptz,
  cancels_at timestamptz,
  canceled_at timestamptz,
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  unique (user_id, workspace_id)
);
create table public.plans (
  id uuid primary key default gen_random_uuid(),
  name varchar(100),
  slug varchar(50) unique,
  description text,
  monthly_price int,
  yearly_price int,
  currency varchar(3) default 'USD',
  max_icp_profiles int,
  max_campaigns int,
  max_team_members int,
  features jsonb default '[]',
  is_active boolean default true,
  sort_order int,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create table public.payment_transactions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  merchant_order_id varchar(255) unique not null,
  phonepe_transaction_id varchar(255),
  amount integer not null check (amount >= 100),
  currency varchar(3) default 'INR' check (currency = 'INR'),
  status varchar(50) default 'pending' check (status in ('pending', 'completed', 'failed', 'refunded', 'cancelled')),
  payment_method varchar(50),
  payment_gateway varchar(50) default 'phonepe',
  phonepe_response jsonb,
  metadata jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create table public.business_context_manifests (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid references auth.users (id) on update cascade on delete restrict,
  version_major int default 1,
  version_minor int default 0,
  version_patch int default 0,
  version_string varchar(20),
  company_info jsonb,
  icps jsonb,
  competitors jsonb,
  brand_data jsonb,
  market_data jsonb,
  messaging_data jsonb,
  channels_data jsonb,
  goals_data jsonb,
  issues_data jsonb,
  generated_at timestamptz default now(),
  completion_percentage decimal(5, 2),
  token_count int,
  checksum varchar(64) not null check (length(checksum) = 64),
  validation_warnings jsonb,
  missing_fields jsonb,
  evidence_count int,
  compression_applied boolean default false,
  compression_ratio decimal(5, 2),
  original_token_count int,
  raw_step_ids text[],
  links jsonb,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  unique (workspace_id, version_major, version_minor, version_patch)
);
create table public.bcm_version_history (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references public.workspaces (id) deferrable,
  change_type varchar(20) check (change_type in ('major', 'minor', 'patch', 'hotfix')),
  changed_by uuid,
  changed_at timestamptz default now()
);
create index on public.users (auth_user_id);
create index on public.users (email);
create index on public.users (subscription_status);
create index on public.workspaces (owner_id);
create index on public.workspaces (slug);
create index on public.workspace_members (workspace_id);
create index on public.workspace_members (user_id);
create index on public.subscriptions (user_id);
create index on public.subscriptions (workspace_id);
create index on public.subscriptions (status);

-- People: a letter is in every id of one. Two of one name, one without a name, one with a picture that is no address.
create function pg_temp.id(p_kind text, p_letter text) returns uuid language sql as $$
  select (p_kind || '0000000-0000-4000-8000-00000000000' || p_letter)::uuid
$$;
insert into auth.users (id, email)
select pg_temp.id('a', l), l || '@example.in' from unnest(array['a', 'b', 'c', 'd', 'e', 'f']) l;
insert into public.users (id, auth_user_id, email, full_name, avatar_url, is_active, subscription_plan, subscription_status, created_at)
values
  (pg_temp.id('b', 'a'), pg_temp.id('a', 'a'), 'a@example.in', 'Asha Rao', 'https://x.in/a.png', true, 'ascent', 'active', '2025-01-01'),
  (pg_temp.id('b', 'b'), pg_temp.id('a', 'b'), 'b@example.in', 'Asha Rao', '', null, 'none', 'none', null),
  (pg_temp.id('b', 'c'), pg_temp.id('a', 'c'), 'C@EXAMPLE.IN', '', 'c.png', true, null, null, now()),
  (pg_temp.id('b', 'd'), pg_temp.id('a', 'd'), 'd@example.in', null, null, true, 'none', 'none', now()),
  (pg_temp.id('b', 'e'), pg_temp.id('a', 'e'), 'e@example.in', 'आशा', null, true, 'soar', 'active', now()),
  (pg_temp.id('b', 'f'), pg_temp.id('a', 'f'), 'f@example.in', 'Farah', null, true, 'none', 'none', now());
insert into public.workspaces (id, name, slug, owner_id)
select pg_temp.id('c', l), case l when 'b' then '' else 'Old ' || l end, '-sha-ao-' || l, pg_temp.id('b', l)
from unnest(array['a', 'b', 'c', 'd', 'e', 'f']) l;
insert into public.workspace_members (workspace_id, user_id, role, is_active)
select pg_temp.id('c', l), pg_temp.id('b', l), case l when 'd' then null else 'owner' end, case l when 'c' then null else true end
from unnest(array['a', 'b', 'c', 'd', 'e', 'f']) l;
insert into public.workspace_members (workspace_id, user_id, role) values (pg_temp.id('c', 'a'), pg_temp.id('b', 'b'), 'admin');
insert into public.subscriptions (user_id, workspace_id, plan, status, amount, billing_interval, trial_ends_at, current_period_start, current_period_end)
values
  (pg_temp.id('b', 'a'), pg_temp.id('c', 'a'), 'glide', 'active', 9900, 'month', null, '2030-12-10', '2031-01-10'),
  (pg_temp.id('b', 'b'), pg_temp.id('c', 'b'), 'trial', 'trial', 0, 'month', '2031-02-01', '2031-01-01', null),
  -- Two people paid for one workspace.
  (pg_temp.id('b', 'c'), pg_temp.id('c', 'c'), 'ascent', 'active', 29900, 'month', null, '2019-01-01', '2019-02-01'),
  (pg_temp.id('b', 'b'), pg_temp.id('c', 'c'), 'soar', 'cancelled', 2900, 'year', null, '2030-01-01', '2031-03-01'),
  (pg_temp.id('b', 'd'), pg_temp.id('c', 'd'), 'soar', 'active', 99000, 'year', null, '2030-02-28', null),
  (pg_temp.id('b', 'e'), pg_temp.id('c', 'e'), 'trial', 'trial', 0, 'month', '2020-01-08', '2020-01-01', null),
  (pg_temp.id('b', 'f'), pg_temp.id('c', 'f'), 'glide', 'expired', 9900, 'month', null, '2020-01-01', '2031-01-01');
insert into public.plans (name, slug, monthly_price, yearly_price, max_team_members, sort_order)
values ('Soar', 'soar', 2900, 29000, 3, 1), ('Glide', 'glide', 9900, 99000, 10, 2), ('Ascent', 'ascent', 29900, 299000, -1, 3);
insert into public.payment_transactions (workspace_id, merchant_order_id, amount, status)
values (pg_temp.id('c', 'a'), 'old-1', 500000, 'completed'), (pg_temp.id('c', 'b'), 'old-2', 700000, null);
insert into public.business_context_manifests (workspace_id, user_id, version_string, company_info, checksum)
values (pg_temp.id('c', 'a'), pg_temp.id('a', 'a'), '1.0.0', '{"name": "Chaya"}', repeat('a', 64));
insert into public.bcm_version_history (workspace_id, change_type) values (pg_temp.id('c', 'a'), 'major');

create trigger update_users before update on public.users
  for each row execute function public.update_updated_at_column();
create trigger update_workspaces before update on public.workspaces
  for each row execute function public.update_updated_at_column();
create trigger update_members before update on public.workspace_members
  for each row execute function public.update_updated_at_column();
create trigger update_subscriptions before update on public.subscriptions
  for each row execute function public.update_updated_at_column();
create trigger update_plans before update on public.plans
  for each row execute function public.update_updated_at_column();

alter table public.users enable row level security;
alter table public.workspaces enable row level security;
alter table public.workspace_members enable row level security;
alter table public.subscriptions enable row level security;
alter table public.payment_transactions enable row level security;
alter table public.business_context_manifests enable row level security;
alter table public.bcm_version_history enable row level security;
create policy "Enable read" on public.users for select using (auth.role() = 'authenticated');
create policy "Enable update" on public.users for update using (auth.role() = 'authenticated');
create policy "Workspace read" on public.workspaces for select using (true);
create policy "Workspace update" on public.workspaces for update using (true);
create policy "Membership own" on public.workspace_members for select using (true);
create policy "Allow all" on public.subscriptions for all using (true);
create policy "Owners insert" on public.payment_transactions for insert with check (true);
create policy "Manifests of owners" on public.business_context_manifests for all
  using (workspace_id in (select id from public.workspaces where owner_id = auth.uid()));

create function public.handle_new_user_workspace() returns trigger language plpgsql security definer as $$
declare
  v_user uuid;
  v_workspace uuid;
  v_name text := coalesce(new.raw_user_meta_data ->> 'full_name', split_part(new.email, '@', 1));
begin
  insert into public.users (auth_user_id, email, full_name) values (new.id, new.email, v_name) returning id into v_user;
  insert into public.workspaces (name, slug, owner_id)
  values (v_name || '''s Workspace',
    lower(regexp_replace(split_part(new.email, '@', 1), '[^a-z0-9]+', '-', 'g')) || '-' || left(md5(new.id::text), 8), v_user)
  returning id into v_workspace;
  insert into public.workspace_members (workspace_id, user_id, role) values (v_workspace, v_user, 'owner');
  return new;
end $$;
create trigger on_auth_user_created after insert on auth.users
  for each row execute function public.handle_new_user_workspace();

create function public.handle_new_auth_user() returns trigger language plpgsql security definer
set search_path = public, auth as $$
begin
  insert into public.workspace_members (workspace_id, user_id, role)
  select w.id, u.id, 'owner' from public.users u join public.workspaces w on w.owner_id = u.id where u.auth_user_id = new.id
  on conflict (workspace_id, user_id) do update set role = 'owner', is_active = true, joined_at = now();
  return new;
end $$;
create trigger trg_handle_new_auth_user after insert on auth.users
  for each row execute function public.handle_new_auth_user();
