-- What payroll books an amount under (GC-25): said by the document, kept with the line.

alter table run_lines add column income text not null default 'wages'
    check (income in ('wages', 'annual_bonus', 'labour_service', 'dividend', 'equity', 'property', 'none'));
update run_lines set income = case payee_kind when 'customer' then 'labour_service' else 'none' end
    where payee_kind <> 'employee';
