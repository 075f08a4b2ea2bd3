-- Patients who have a code that others have too: sites that are offline hand out codes by themselves, and some people
-- are registered twice. A merge of patients makes them one.
-- One row is: a patient.
-- patient_code: the code
-- patients: how many have it
-- patient_id: id of the patient
-- first_name: first name
-- last_name: last name
-- date_of_birth: date of birth
-- store_code: code of the home store; NULL without one
-- site_code: the site where that is active
with same as (
    select *, count(*) over (partition by code) as patients
    from replica.patient
    where code <> ''
    qualify patients > 1
)

select
    same.code as patient_code,
    same.patients,
    same.id as patient_id,
    same.first_name,
    same.last_name,
    same.date_of_birth,
    store.code as store_code,
    site.site_code
from same
left join replica.store as store on store.id = same.home_store_id
left join reports.store_place as place on place.store_id = same.home_store_id
left join ledger.site as site on site.site_id = place.site_id
order by same.code, same.id
