-- The shape of an installation that predates these migrations, with the faults that made it fail: no timestamps on
-- members but a trigger that needs them, policies that let everybody in, price lists without row-level security.

create function public.update_updated_at_column() returns trigger language plpgsql as $$
begin new.updated_at = now(); return new; end $$;

create table public.users (
  id uuid primary key default gen_random_uuid(),
  auth_user_id uuid not null unique references auth.users (id) on delete cascade,
  email varchar(255) not null unique,
  full_name varchar(255),
  avatar_url text,
  subscription_plan varchar(50) default 'none' check (subscription_plan in ('none', 'trial', 'soar', 'glide', 'ascent')),
  subscription_status varchar(50) default 'none',
  has_completed_onboarding boolean default false,
  is_active boolean default true,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create table public.workspaces (
  id uuid primary key default gen_random_uuid(),
  name varchar(255) not null,
  slug varchar(255) unique not null,
  owner_id uuid not null references public.users (id) on delete cascade,
  max_team_members int default 1,
  is_active boolean default true,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create table public.workspace_members (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references public.users (id) on delete cascade,
  role varchar(50) default 'member' check (role in ('owner', 'admin', 'member')),
  is_active boolean default true,
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
  current_period_start timestamptz default now(),
  current_period_end timestamptz,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  unique (user_id, workspace_id)
);
create table public.plans (
  id uuid primary key default gen_random_uuid(),
  slug varchar(50) unique not null,
  monthly_price int not null,
  currency varchar(3) default 'USD'
);
create table public.payment_transactions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  merchant_order_id varchar(255) unique not null,
  amount integer not null check (amount >= 100),
  currency varchar(3) default 'INR',
  status varchar(50) default 'pending' check (status in ('pending', 'completed', 'failed', 'refunded', 'cancelled')),
  phonepe_response jsonb,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
alter table public.users enable row level security;
alter table public.workspaces enable row level security;
alter table public.workspace_members enable row level security;
alter table public.subscriptions enable row level security;
alter table public.payment_transactions enable row level security;
create policy "Enable read" on public.users for select using (auth.role() = 'authenticated');
create policy "Enable update" on public.users for update using (auth.role() = 'authenticated');
create policy "Workspace update" on public.workspaces for update using (true);
create policy "Allow all" on public.subscriptions for all using (true);
create policy "Owners insert" on public.payment_transactions for insert with check (true);
create trigger update_members before update on public.workspace_members
  for each row execute function public.update_updated_at_column();

create function public.handle_new_user_workspace() returns trigger language plpgsql security definer as $$
declare
  v_user uuid;
  v_workspace uuid;
begin
  insert into public.users (auth_user_id, email) values (new.id, new.email) returning id into v_user;
  insert into public.workspaces (name, slug, owner_id)
  values ('Old workspace', 'old-' || left(md5(new.id::text), 8), v_user) returning id into v_workspace;
  insert into public.workspace_members (workspace_id, user_id, role) values (v_workspace, v_user, 'owner');
  insert into public.subscriptions (user_id, workspace_id, plan, amount) values (v_user, v_workspace, 'trial', 0);
  return new;
end $$;
create trigger on_auth_user_created after insert on auth.users
  for each row execute function public.handle_new_user_workspace();
