"""Names of common drugs, generic and brand, so that one that nobody said is noticed without a list from the caller.

Names only, in lower case, each a single canonical word. Used for what is invented; what was said is
what the reference marks.
"""

from __future__ import annotations

from workbench.scoring.reading.tables import words

__all__ = ["COMBINED", "DRUGS"]

DRUGS: frozenset[str] = frozenset(
    words(
        """abacavir abilify acarbose accutane acetaminophen acetazolamide acyclovir adalimumab adderall adenosine
    advair advil albuterol alendronate aleve allegra allopurinol alprazolam alteplase amiodarone
    amitriptyline amlodipine amoxicillin amphotericin ampicillin anastrozole apixaban aripiprazole aspirin
    atenolol ativan atomoxetine atorvastatin atropine augmentin azathioprine azithromycin aztreonam baclofen
    bactrim benadryl benazepril benztropine betamethasone bevacizumab bicalutamide bisoprolol botox brilinta
    budesonide bumetanide bumex buprenorphine bupropion buspirone calcitriol canagliflozin candesartan
    captopril carbamazepine carbidopa carboplatin cardizem carvedilol cefazolin cefdinir cefepime cefoxitin
    ceftazidime ceftriaxone cefuroxime celebrex celecoxib celexa cephalexin cetirizine chlorpromazine
    chlorthalidone cialis cilostazol ciprofloxacin cisplatin citalopram clarithromycin claritin clindamycin
    clobetasol clomiphene clonazepam clonidine clopidogrel clotrimazole clozapine codeine colchicine coreg
    coumadin cozaar crestor cyclobenzaprine cyclophosphamide cyclosporine cymbalta dabigatran dapagliflozin
    daptomycin depakote desmopressin dexamethasone dextroamphetamine diazepam diclofenac dicyclomine digoxin
    dilantin dilaudid diltiazem diphenhydramine dobutamine docetaxel docusate donepezil dopamine doxazosin
    doxepin doxorubicin doxycycline dulaglutide dulcolax duloxetine effexor eliquis empagliflozin enalapril
    enoxaparin entresto ephedrine epinephrine eplerenone epoetin ertapenem erythromycin escitalopram esmolol
    esomeprazole estradiol eszopiclone etanercept ethambutol etoposide ezetimibe famotidine farxiga
    febuxostat felodipine fenofibrate fentanyl ferrous finasteride flagyl flecainide flexeril flomax flonase
    fluconazole fludrocortisone flumazenil fluorouracil fluoxetine fluphenazine fluticasone fluvoxamine
    folate fosinopril fosphenytoin furosemide gabapentin gemcitabine gemfibrozil gentamicin glargine
    glimepiride glipizide glucagon glucophage glyburide guaifenesin haldol haloperidol heparin humalog
    humira humulin hydralazine hydrochlorothiazide hydrocodone hydrocortisone hydromorphone
    hydroxychloroquine hydroxyzine hyzaar ibuprofen imipenem imipramine imitrex imodium indapamide
    indomethacin infliximab insulin ipratropium irbesartan isoniazid isosorbide ivermectin januvia jardiance
    keflex keppra ketamine ketoconazole ketorolac klonopin labetalol lacosamide lamictal lamotrigine
    lansoprazole lantus lasix latanoprost leflunomide letrozole leucovorin levaquin levemir levetiracetam
    levodopa levofloxacin levothyroxine lexapro librium lidocaine linagliptin linezolid lipitor liraglutide
    lisinopril lithium loperamide loratadine lorazepam losartan lovastatin lovenox lyrica macrobid meclizine
    medroxyprogesterone megestrol meloxicam memantine meperidine meropenem mesalamine metformin methadone
    methimazole methocarbamol methotrexate methyldopa methylphenidate methylprednisolone metoclopramide
    metolazone metoprolol metronidazole micafungin midazolam midodrine milrinone minocycline minoxidil
    miralax mirtazapine misoprostol modafinil montelukast morphine motrin mounjaro moxifloxacin mucinex
    mupirocin mycophenolate nabumetone nadolol nafcillin naloxone naltrexone naproxen narcan nebivolol
    neurontin nexium niacin nicardipine nifedipine nitrofurantoin nitroglycerin norco norepinephrine
    nortriptyline norvasc novolog nystatin octreotide ofloxacin olanzapine olmesartan omeprazole ondansetron
    oseltamivir oxcarbazepine oxybutynin oxycodone oxycontin oxytocin ozempic paclitaxel palonosetron
    pantoprazole paroxetine paxil penicillin pepcid percocet phenazopyridine phenobarbital phentermine
    phenylephrine phenytoin pioglitazone piperacillin plaquenil plavix pradaxa pramipexole prasugrel
    pravastatin prazosin prednisolone prednisone pregabalin prilosec primidone probenecid procainamide
    prochlorperazine progesterone promethazine propofol propranolol propylthiouracil protonix prozac
    pseudoephedrine pyrazinamide pyridostigmine quetiapine quinapril raloxifene ramipril ranitidine
    ranolazine reglan remeron remicade repaglinide rifampin rifaximin risperdal risperidone ritalin
    rituximab rivaroxaban rizatriptan rocephin ropinirole rosuvastatin sacubitril salmeterol semaglutide
    senna septra seroquel sertraline sevelamer sildenafil simvastatin singulair sitagliptin solifenacin
    sotalol spironolactone spiriva strattera suboxone sucralfate sulfamethoxazole sulfasalazine sumatriptan
    symbicort synthroid tacrolimus tadalafil tamiflu tamoxifen tamsulosin tegretol telmisartan temazepam
    tenofovir terazosin terbinafine terbutaline testosterone theophylline ticagrelor timolol tiotropium
    tirzepatide tizanidine tobramycin topamax topiramate toradol torsemide tramadol trastuzumab trazodone
    triamcinolone triamterene trimethoprim trulicity tylenol ultram unasyn valacyclovir valium valproate
    valsartan valtrex vancomycin vasopressin venlafaxine ventolin verapamil viagra vicodin victoza vyvanse
    warfarin wellbutrin xanax xarelto zantac zestril zetia zithromax zocor zofran zoledronic zolmitriptan
    zoloft zolpidem zonisamide zosyn zyprexa zyrtec"""
    )
)

COMBINED: frozenset[str] = frozenset(
    words(
        """norco percocet vicodin lortab endocet acetaminophen augmentin clavulanate bactrim septra
    sulfamethoxazole trimethoprim advair symbicort dulera breo sinemet levodopa carbidopa entresto hyzaar
    hydrochlorothiazide hctz lotrel exforge zestoretic"""
    )
)
"""Names behind which two numbers are the strengths of a combination."""
