"""Code lists of the contract: note sections, specialties, and the enumerations of a context.

The documents publish section codes and specialties in full. Encounter types, visit types, provider roles and the
units and times of orders come from info endpoints of which the documents show one example each; the lists here hold
those and a few more of their kind.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = [
    "BACKLOG_HEADER",
    "FREQUENCY_TYPES",
    "SECTION_TITLES",
    "TIMINGS",
    "CodingSystem",
    "DosageUnit",
    "EncounterRelation",
    "EncounterType",
    "MedicationCodeType",
    "OrderOrigin",
    "OrderStatus",
    "ProviderRole",
    "SectionCode",
    "Sex",
    "Specialty",
    "StyledSection",
    "TargetEmr",
    "Verbosity",
    "VisitType",
]

BACKLOG_HEADER = "X-Simulator-Backlog-Ms"
"""On the answer to a session's end, of our simulator alone and in no field of the vendor's: the most audio, in ms, that
waited to be decoded while the session streamed."""

EncounterType: TypeAlias = Literal["AMBULATORY", "EMERGENCY", "HOME_HEALTH", "INPATIENT", "OBSERVATION", "VIRTUAL"]
VisitType: TypeAlias = Literal["ANNUAL_WELLNESS", "CONSULT", "ESTABLISHED_PATIENT", "FOLLOW_UP", "NEW_PATIENT"]
ProviderRole: TypeAlias = Literal["ATTENDING", "CONSULTING", "FELLOW", "NURSE_PRACTITIONER", "RESIDENT"]
Sex: TypeAlias = Literal["male", "female", "other", "unknown"]
CodingSystem: TypeAlias = Literal["ICD10", "IMO"]
TargetEmr: TypeAlias = Literal["ATHENA", "EPIC", "CERNER"]
MedicationCodeType: TypeAlias = Literal["RXCUI", "NDC"]
OrderStatus: TypeAlias = Literal["ACTIVE", "DISCONTINUED", "REFILLED"]
OrderOrigin: TypeAlias = Literal["EMR", "SUKI_AMBIENT"]
EncounterRelation: TypeAlias = Literal["CURRENT_ENCOUNTER", "PRIOR_ENCOUNTER"]
Verbosity: TypeAlias = Literal["CONCISE", "BALANCED", "DETAILED"]
StyledSection: TypeAlias = Literal["10164-2", "51847-2", "51848-0", "18776-5"]
DosageUnit: TypeAlias = Literal["CAP", "MCG", "MG", "ML", "PUFF", "TAB", "UNIT"]

FREQUENCY_TYPES = ("ONE_A_DAY", "TWO_A_DAY", "THREE_A_DAY", "FOUR_A_DAY", "EVERY_SIX_HOURS", "AS_NEEDED")
TIMINGS = ("IN_THE_MORNING", "AT_NOON", "IN_THE_EVENING", "AT_BEDTIME", "WITH_MEALS")

SectionCode: TypeAlias = Literal[
    "39238-1", "42348-3", "48765-2", "51848-0", "51847-2", "10154-3", "61144-2", "55128-3", "46239-0", "10157-6",
    "47420-5", "8648-8", "10164-2", "11369-6", "61150-9", "10160-0", "10190-7", "11348-0", "11358-9", "10167-5",
    "69730-0", "29545-1", "18776-5", "11450-4", "47519-4", "56822-0", "30954-2", "78486-8", "10187-3", "29299-5",
    "29762-2", "75325-1", "61146-7", "8716-3", "11334-0",
]  # fmt: skip

SECTION_TITLES: dict[str, str] = {
    "10154-3": "Chief Complaint",
    "10164-2": "History of Present Illness",
    "11348-0": "Past Medical History",
    "10160-0": "Medications",
    "48765-2": "Allergies",
    "10157-6": "Family History",
    "29762-2": "Social History",
    "10187-3": "Review of Systems",
    "8716-3": "Vitals",
    "29545-1": "Physical Exam",
    "30954-2": "Results",
    "51848-0": "Assessment",
    "18776-5": "Plan",
}
"""Titles of the sections that the simulator's rules fill, in the order of a note."""

Specialty: TypeAlias = Literal[
    "NA", "ALLERGY_AND_IMMUNOLOGY", "ANESTHESIOLOGY", "CARDIOLOGY", "CRITICAL_CARE", "DERMATOLOGY",
    "EMERGENCY_MEDICINE", "ENDOCRINOLOGY", "FAMILY_MEDICINE", "GASTROENTEROLOGY", "GENETICS", "HEMATOLOGY",
    "INFECTIOUS_DISEASE", "INTERNAL_MEDICINE", "MEDICAL_ONCOLOGY", "NEPHROLOGY", "NEUROLOGY", "NEUROSURGERY",
    "NUCLEAR_MEDICINE", "OBSTETRICS_GYNECOLOGY", "OPHTHALMOLOGY", "ORTHOPEDIC_SURGERY",
    "OTOLARYNGOLOGY_HEAD_AND_NECK", "PALLIATIVE_MEDICINE", "PAIN_MANAGEMENT", "PATHOLOGY", "PEDIATRICS",
    "PHYSICAL_MEDICINE_AND_REHABILITATION", "PLASTIC_SURGERY", "PODIATRY", "PREVENTATIVE_MEDICINE", "PSYCHIATRY",
    "PULMONOLOGY", "RADIATION_ONCOLOGY", "RADIOLOGY_DIAGNOSTIC", "RADIOLOGY_INTERVENTIONAL", "RHEUMATOLOGY",
    "SPORTS_MEDICINE", "SURGERY_CARDIAC_AND_THORACIC", "SURGERY_COLON_AND_RECTAL", "SURGERY_GENERAL",
    "SURGERY_PEDIATRIC", "SURGERY_VASCULAR", "UROLOGY", "UNLISTED_MEDICAL", "UNLISTED_SURGICAL", "LACTATION",
    "NUTRITION", "VETERINARIAN", "GERIATRICS", "HOSPITAL_MEDICINE", "SLEEP_MEDICINE", "FUNCTIONAL_MEDICINE",
    "INTEGRATIVE_MEDICINE", "HEPATOLOGY", "PEDIATRIC_ALLERGY_AND_IMMUNOLOGY", "PEDIATRIC_CARDIOLOGY",
    "PEDIATRIC_ENDOCRINOLOGY", "PEDIATRIC_CRITICAL_CARE", "DEVELOPMENTAL_AND_BEHAVIORAL_PEDIATRICS",
    "PEDIATRIC_HOSPITAL_MEDICINE", "PEDIATRIC_NEPHROLOGY", "PEDIATRIC_RHEUMATOLOGY", "PEDIATRIC_GASTROENTEROLOGY",
    "PEDIATRIC_PSYCHIATRY", "GYN_ONCOLOGY", "REPRODUCTIVE_ENDOCRINOLOGY_AND_INFERTILITY", "UROGYNECOLOGY",
    "SPINE_SURGERY", "INTERVENTIONAL_CARDIOLOGY", "CARDIOLOGY_AND_ELECTROPHYSIOLOGY",
    "HEART_FAILURE_AND_TRANSPLANT_CARDIOLOGY", "ADULT_CONGENITAL_HEART_DISEASE", "GASTROENTEROLOGY_ONCOLOGY",
    "SURGERY_ONCOLOGY", "SURGERY_BARIATRICS", "INVASIVE_CARDIOLOGY", "SURGERY_THORACIC", "SURGERY_CARDIOVASCULAR",
    "PEDIATRIC_PULMONOLOGY", "PEDIATRIC_ADOLESCENT", "TRANSPLANT_NEPHROLOGY", "HEMATOLOGY_AND_ONCOLOGY",
    "MEDICINE_BARIATRIC", "SURGERY_TRAUMA", "BEHAVIORAL_HEALTH", "URGENT_CARE", "COMPREHENSIVE_CARE",
    "OCCUPATIONAL_MEDICINE", "ADDICTION_MEDICINE", "CARDIAC_IMAGING", "TRANSPLANT_HEPATOLOGY",
    "SPINAL_ONCOLOGY_AND_SPINE_TUMOR_SURGERY", "CONCIERGE_MEDICINE", "DRUG_AND_ALCOHOL_REHAB",
    "TRANSPLANT_PANCREAS", "TRANSPLANT_INTESTINE", "BONE_MARROW_TRANSPLANT", "VETERINARY_URGENT_CARE",
    "VETERINARY_EMERGENCY_AND_CRITICAL_CARE", "INPATIENT_PSYCHIATRY", "NEUROMUSCULOSKELETAL_MANIPULATIVE_MEDICINE",
    "EPILEPSY", "NEUROIMMUNOLOGY", "HEADACHE", "VASCULAR_NEUROLOGY", "SURGERY_BREAST", "ACCIDENT_AND_INJURY",
    "CANCER_GENETICS", "ONCOLOGY_BREAST", "ONCOLOGY_CUTANEOUS", "ONCOLOGY_GENITOURINARY", "ONCOLOGY_HEAD_AND_NECK",
    "INTERVENTIONAL_PAIN", "ONCOLOGY_ORTHOPEDIC", "ONCOLOGY_THORACIC", "ONCOLOGY", "ONCOLOGY_WOMENS",
    "ORTHOPEDICS_HAND", "WOUND_CARE",
]  # fmt: skip
