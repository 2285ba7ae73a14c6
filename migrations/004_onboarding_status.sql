-- Where a person stands between sign-up and a finished onboarding.

alter table public.users
  add column if not exists onboarding_status text not null default 'pending',
  add column if not exists onboarding_completed_at timestamptz,
  drop constraint if exists users_onboarding_status_check;
select private.adopt_values('public.users', 'onboarding_status',
  $$onboarding_status in ('pending', 'payment_confirmed', 'in_progress', 'completed', 'abandoned')$$, 'pending');
alter table public.users
  alter column onboarding_status set default 'pending',
  alter column onboarding_status set not null,
  add constraint users_onboarding_status_check
    check (onboarding_status in ('pending', 'payment_confirmed', 'in_progress', 'completed', 'abandoned'));
create index if not exists users_onboarding_status_idx on public.users (onboarding_status);
comment on column public.users.onboarding_status is
  'Onboarding of the workspace that stands for this person at the gate (the oldest they own). Set by functions only.';
comment on column public.users.onboarding_completed_at is
  'When onboarding_status became completed; null whenever it is anything else. Kept by a trigger.';

create or replace function private.stamp_onboarding_completed() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.onboarding_status <> 'completed' then
    new.onboarding_completed_at := null;
  elsif tg_op = 'INSERT' or old.onboarding_status <> 'completed' then
    new.onboarding_completed_at := pg_catalog.now();
  else
    new.onboarding_completed_at := old.onboarding_completed_at;
  end if;
  return new;
end $$;
comment on function private.stamp_onboarding_completed() is
  'Trigger: keeps onboarding_completed_at true to onboarding_status; nobody sets it by hand.';
revoke all on function private.stamp_onboarding_completed() from public, anon, authenticated;

create or replace trigger stamp_onboarding_completed
  before insert or update of onboarding_status, onboarding_completed_at on public.users
  for each row execute function private.stamp_onboarding_completed();
