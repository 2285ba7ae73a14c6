-- The other order in which an older installation came to be: its base file ran first, with fewer columns on people and
-- with timestamps on members, and the larger schema never got in.

create table public.users (
  id uuid primary key default gen_random_uuid(),
  auth_user_id uuid not null unique references auth.users (id) on delete cascade,
  email varchar(255) not null unique,
  full_name varchar(255),
  avatar_url text,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create table public.workspaces (
  id uuid primary key default gen_random_uuid(),
  name varchar(255) not null,
  slug varchar(255) unique not null,
  owner_id uuid not null references public.users (id) on delete cascade,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create table public.workspace_members (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references public.users (id) on delete cascade,
  role varchar(50) default 'member',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  unique (workspace_id, user_id)
);
create function public.handle_new_auth_user() returns trigger language plpgsql security definer as $$
declare
  v_user uuid;
  v_workspace uuid;
begin
  insert into public.users (auth_user_id, email) values (new.id, new.email) returning id into v_user;
  insert into public.workspaces (name, slug, owner_id) values ('Old', 'old-' || left(md5(new.id::text), 8), v_user)
  returning id into v_workspace;
  insert into public.workspace_members (workspace_id, user_id, role) values (v_workspace, v_user, 'owner');
  return new;
end $$;
create trigger trg_handle_new_auth_user after insert on auth.users
  for each row execute function public.handle_new_auth_user();
