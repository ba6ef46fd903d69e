"""Plurals and other forms of English words that Snowball's algorithm does not bring to their word. Pure.

_PAIRS is `noun.exc` of WordNet 3.0, as its lemmatiser reads it (the first of several singulars), without what
a stemmer joins anyway, without its rule that "men" is "man", and without plurals that a commoner word has as
well ("soles" of shoes, not of the coin sol). WordNet 3.0 Copyright 2006 by Princeton University. All rights
reserved. It may be used, copied, modified and distributed for any purpose without fee, and is provided "as
is" without warranty: https://wordnet.princeton.edu/license-and-commercial-use
"""

from __future__ import annotations

from typing import Final

_PAIRS: Final = """
aardwolves:aardwolf abaci:abacus aboideaux:aboideau aboiteaux:aboiteau acanthi:acanthus acari:acarus
acciaccature:acciaccatura acetabula:acetabulum achaemenidae:achaemenid acicula:aciculum acini:acinus
acromia:acromion actinozoa:actinozoan addenda:addendum adenocarcinomata:adenocarcinoma adenomata:adenoma
adieux:adieu adyta:adytum aecia:aecium aecidia:aecidium aerobia:aerobium aggiornamenti:aggiornamento
agnomina:agnomen alewives:alewife allodia:allodium alluvia:alluvium alodia:alodium altocumuli:altocumulus
altostrati:altostratus alumni:alumnus alveoli:alveolus amanuenses:amanuensis ambulacra:ambulacrum
amnia:amnion amniocenteses:amniocentesis amoebiases:amoebiasis amoraim:amora amoretti:amoretto
amorini:amorino amphiarthroses:amphiarthrosis amphicia:amphithecium amphimixes:amphimixis amphioxi:amphioxus
anabases:anabasis anacolutha:anacoluthon anacruses:anacrusis anaerobia:anaerobium anagnorises:anagnorisis
analemmata:analemma analyses:analysis anamneses:anamnesis anamorphoses:anamorphosis anastomoses:anastomosis
anatyxes:anaptyxis androclinia:androclinium androecia:androecium androsphinges:androsphinx
andtheridia:antheridium angiomata:angioma animalcula:animalculum anlagen:anlage annattos:anatto
annuli:annulus antefixa:antefix antependia:antependium anthelia:anthelion anthelices:anthelix
anthemia:anthemion antheridia:antheridium anthodia:anthodium anthozoa:anthozoan anthraces:anthrax
anticlinoria:anticlinorium antihelices:antihelix antisera:antiserum antitheses:antithesis
antitragi:antitragus antra:antrum aphelia:aphelion aphides:aphis apices:apex apodoses:apodosis
apomixes:apomixis aponeuroses:aponeurosis apophyses:apophysis aposiopeses:aposiopesis apothecia:apothecium
apotheoses:apotheosis appendices:appendix appoggiature:appoggiatura apsides:apsis aquaria:aquarium
araglis:argali arboreta:arboretum arcana:arcanum archegonia:archegonium archesporia:archesporium
argumenta:argumentum ariette:arietta armamentaria:armamentarium arses:arsis artal:rotl artel:rotl
arterioscleroses:arteriosclerosis aruspices:aruspex asceses:ascesis asci:ascus ascidia:ascidium
ascogonia:ascogonium ashkenazim:ashkenazi aspergilla:aspergillum aspergilli:aspergillus
aspergilloses:aspergillosis aspersoria:aspersorium assegais:assagai astragali:astragalus asyndeta:asyndeton
atheromata:atheroma atheroscleroses:atherosclerosis atmolyses:atmolysis atria:atrium auditoria:auditorium
aurar:eyrir aurei:aureus auspices:auspex autocatalyses:autocatalysis automata:automaton
avitaminoses:avitaminosis axes:ax bacchii:bacchius bacilli:bacillus bacteriostases:bacteriostasis
bacula:baculum bambini:bambino bandeaux:bandeau banditti:bandit bani:ban barklice:barklouse basidia:basidium
basileis:basileus bassi:basso bateaux:bateau beaux:beau beeves:beef behooves:behoof bersaglieri:bersagliere
bhishties:bheesty bicennaries:bicentenary bijoux:bijou bisectrices:bisectrix blackfeet:blackfoot
blastemata:blastema bok:boschbok boleti:boletus bolsheviki:bolshevik booklice:booklouse
bookshelves:bookshelf boraces:borax borborygmi:borborygmus bordereaux:bordereau brachia:brachium
brainchildren:brainchild bregmata:bregma brethren:brother broadleaves:broadleaf bronchi:bronchus
bryozoa:bryozoan buckteeth:bucktooth bureaux:bureau bushbok:boschbok bushboks:boschbok busses:bus
byssi:byssus cacti:cactus caducei:caduceus caeca:caecum calami:calamus calathi:calathus calcanei:calcaneum
calces:calx calculi:calculus caldaria:caldarium calices:calix calli:callus calves:calf calyces:calyx
cambia:cambium canaliculi:canaliculus candelabra:candelabrum canthi:canthus canzoni:canzone capita:caput
capitula:capitulum capricci:capriccio carabinieri:carabiniere carcinomata:carcinoma carides:caryatid
caroli:carolus carpi:carpus carpogonia:carpogonium caryopses:caryopsis caryopsides:caryopsis
castrati:castrato catabases:catabasis cataclases:cataclasis catalyses:catalysis cathari:cathar
cathexes:cathexis caudices:caudex caules:caulis cavatine:cavatina cavetti:cavetto ceca:cecum cembali:cembalo
centesimi:centesimo centra:centrum cephalothoraces:cephalothorax cercariiae:cercaria cerci:cercus
cerebella:cerebellum cerebra:cerebrum cervices:cervix cestuses:caestus chadarim:cheder challoth:hallah
chalutzim:chalutz chapeaux:chapeau chasidim:chasid chassidim:chassid chateaux:chateau chazanim:chazan
chedarim:cheder cherubim:cherub chiasmata:chiasma chiasmi:chiasmus children:child chitarroni:chitarrone
chlamydes:chlamys chondromata:chondroma choragi:choragus choriambi:choriambus choux:chou
chromonemata:chromonema chrysalides:chrysalis ciboria:ciborium cicale:cicala cicatrices:cicatrix
ciceroni:cicerone cicisbei:cicisbeo cilia:cilium cimices:cimex cineraria:cinerarium cingula:cingulum
cirri:cirrus cirrocumuli:cirrocumulus cirrostrati:cirrostratus clani:clarino clanos:clarino
clinandria:clinandrium clitella:clitellum clostridia:clostridium cloverleaves:cloverleaf clypei:clypeus
coagula:coagulum cocci:coccus coccyges:coccyx codices:codex coelentera:coelenteron coenuri:coenurus
cognomina:cognomen cognosenti:cognosente cola:colon collegia:collegium colloquia:colloquium
colluvia:colluvium collyria:collyrium colossi:colossus columbaria:columbarium comedones:comedo
concertanti:concertante concerti:concerto concertini:concertino condottieri:condottiere
condylomata:condyloma congii:congius conidia:conidium consortia:consortium contagia:contagium
continua:continuum contralti:contralto conversazioni:conversazione convolvuli:convolvulus coria:corium
cornua:cornu corpora:corpus corrigenda:corrigendum cortices:cortex coryphaei:coryphaeus cothurni:cothurnus
couteaux:couteau crania:cranium crases:crasis credenda:credendum crematoria:crematorium crescendi:crescendo
cribella:cribellum crises:crisis crissa:crissum criteria:criterion cruces:crux crura:crus ctenidia:ctenidium
cubicula:cubiculum culices:culex culti:cultus cumuli:cumulus cumulonimbi:cumulonimbus
cumulostrati:cumulostratus curricula:curriculum custodes:custos cutes:cutis cycloses:cyclosis cylices:cylix
cylikes:cylix cymatia:cymatium cysticerci:cysticercus data:datum daymio:daimio daymios:daimio
decemviri:decemvir decennia:decennium definienda:definiendum definientia:definiens delphinia:delphinium
denarii:denarius dentalia:dentalium dermatoses:dermatosis desiderata:desideratum diaereses:diaeresis
diaerses:diaeresis diagnoses:diagnosis dialyses:dialysis diaphyses:diaphysis diapophyses:diapophysis
diarthroses:diarthrosis diastalses:diastalsis diastases:diastasis diastemata:diastema diathses:diathesis
dibbukkim:dibbuk dichasia:dichasium dicta:dictum diereses:dieresis dieses:diesis dilettanti:dilettante
diluvia:diluvium diplococci:diplococcus disci:discus discoboli:discobolos dive:diva diverticula:diverticulum
divertimenti:divertimento djinn:djinni dogmata:dogma dogteeth:dogtooth domatia:domatium dormice:dormouse
dorsa:dorsum drawknives:drawknife dui:duo duona:duodenum duonas:duodenum dupondii:dupondius duumviri:duumvir
dwarves:dwarf dybbukkim:dybbuk ecchymoses:ecchymosis ecdyses:ecdysis echini:echinus echinococci:echinococcus
ectozoa:ectozoan edemata:edema effluvia:effluvium eidola:eidolon eisegeses:eisegesis eisteddfodau:eisteddfod
elenchi:elenchus eluvia:eluvium elves:elf elytra:elytron emboli:embolus emphases:emphasis
emporia:emporium enarthroses:enarthrosis encephala:encephalon encephalitides:encephalitis
encephalomata:encephaloma enchiridia:enchiridion enchondromata:enchondroma encomia:encomium
endocardia:endocardium endocrania:endocranium endometria:endometrium endostea:endosteum
endostoses:endostosis endothecia:endothecium endothelia:endothelium endotheliomata:endothelioma
endozoa:endozoan enemata:enema enneahedra:enneahedron entases:entasis entera:enteron entia:ens
entozoa:entozoan epencephala:epencephalon epentheses:epenthesis epexegeses:epexegesis ephemera:ephemeron
ephemerides:ephemeris ephori:ephor epicalyces:epicalyx epicanthi:epicanthus epicardia:epicardium
epicedia:epicedium epicleses:epiclesis epididymides:epididymis epigastria:epigastrium
epiglottides:epiglottis epimysia:epimysium epiphenomena:epiphenomenon epiphyses:epiphysis
episterna:episternum epithalamia:epithalamion epithelia:epithelium epitheliomata:epithelioma epizoa:epizoan
epyllia:epyllion equilibria:equilibrium equiseta:equisetum errata:erratum esophagi:esophagus etyma:etymon
eucalypti:eucalyptus eupatridae:eupatrid euripi:euripus exanthemata:exanthema executrices:executrix
exegeses:exegesis exempla:exemplum exordia:exordium exostoses:exostosis extrema:extremum eyeteeth:eyetooth
fabliaux:fabliau famuli:famulus fasciculi:fasciculus fedayeen:fedayee feet:foot fellaheen:fellah
fellahin:fellah femora:femur fermate:fermata festschriften:festschrift fezzes:fez fibromata:fibroma
fideicommissa:fideicommissum fieldmice:fieldmouse fila:filum filariiae:filaria fishwives:fishwife
flabella:flabellum flagella:flagellum flagstaves:flagstaff flambeaux:flambeau flamines:flamen
flatfeet:flatfoot flocci:floccus flocculi:flocculus florilegia:florilegium flyleaves:flyleaf foci:focus
folia:folium fora:forum foramina:foramen forefeet:forefoot foreteeth:foretooth formicaria:formicarium
fornices:fornix fractocumuli:fractocumulus fractostrati:fractostratus fraena:fraenum
frauen:frau frena:frenum frenula:frenulum fricandeaux:fricandeau frontes:frons frusta:frustum fuci:fucus
fulcra:fulcrum fumatoria:fumatorium fundi:fundus fungi:fungus funiculi:funiculus furcula:furculum
gametangia:gametangium gametoecia:gametoecium gammadia:gammadion ganglia:ganglion gasses:gas gateaux:gateau
geese:goose gelsemia:gelsemium gemboks:gemsbok gembucks:gemsbuck gemeinschaften:gemeinschaft genera:genus
generatrices:generatrix geneses:genesis genii:genius gentes:gens genua:genu germina:germen
gesellschaften:gesellschaft gestalten:gestalt ginglymi:ginglymus gladioli:gladiolus glandes:glans
gliomata:glioma glissandi:glissando glochidcia:glochidium glochidia:glochidium glomeruli:glomerulus
glottides:glottis glutaei:glutaeus glutei:gluteus gnoses:gnosis godchildren:godchild goes:go
gomphoses:gomphosis gonia:gonion gonidia:gonidium gonococci:gonococcus goodwives:goodwife
gorgoneia:gorgoneion gospopoda:gospodin goyim:goy grafen:graf graffiti:graffito grandchildren:grandchild
granulomata:granuloma gravamina:gravamen groszy:grosz guilder:guilde guilders:guilde gummata:gumma
gurnard:gurnar gurnards:gurnar gymnasia:gymnasium gynaecea:gynaeceum gynaecia:gynaecium gynecea:gynecium
gynecia:gynecium gynoecea:gynoecium gynoecia:gynoecium gyri:gyrus hadarim:heder haematolyses:haematolysis
haematomata:haematoma haematozoa:haematozoon haemodialyses:haemodialysis haemolyses:haemolysis
haemoptyses:haemoptysis haftaroth:haftarah haggadoth:haggada haleru:haler halfpence:halfpenny hallot:hallah
halloth:hallah halluces:hallux halves:half hamuli:hamulus haphtaroth:haphtarah haredim:haredi
haruspices:haruspex hasidim:hasid hassidim:hassid haustella:haustellum haustoria:haustorium hazzanim:hazzan
hectocotyli:hectocotylus helices:helix heliozoa:heliozoan hematolyses:hematolysis hematomata:hematoma
hematozoa:hematozoon hemelytra:hemelytron hemielytra:hemielytron hemodialyses:hemodialysis
hemolyses:hemolysis hemoptyses:hemoptysis hendecahedra:hendecahedron heraclidae:heraclid heraklidae:heraklid
herbaria:herbarium hermae:herm hermai:herma herren:herr hetairai:hetaira hibernacula:hibernaculum
hieracosphinges:hieracosphinx hila:hilum hili:hilus himatia:himation hippocampi:hippocampus
hippopotami:hippopotamus homunculi:homunculus honoraria:honorarium hooves:hoof horologia:horologium
housewives:housewife humeri:humerus hydrozoa:hydrozoan hymenoptera:hymenopteran hynia:hymenium
hyniums:hymenium hypanthia:hypanthium hyperostoses:hyperostosis hypnoses:hypnosis hypochondria:hypochondrium
hypogastria:hypogastrium hypogea:hypogeum hypophyses:hypophysis hypostases:hypostasis
hypothalami:hypothalamus hypotheses:hypothesis hyraces:hyrax iambi:iamb ibices:ibex ibo:igbo
ichthyosauri:ichthyosaurus ichthyosauruses:ichthyosaur icosahedra:icosahedron ideata:ideatum
igorrorote:igorrote ilia:ilium imagines:imago imperia:imperium incubi:incubus incudes:incus indices:index
indumenta:indumentum indusia:indusium infundibula:infundibulum inocula:inoculum insectaria:insectarium
intagli:intaglio interleaves:interleaf intermezzi:intermezzo interreges:interrex interregna:interregnum
involucella:involucellum involucra:involucrum irides:iris ischia:ischium isthmi:isthmus jackeroos:jackaroo
jackknives:jackknife jambeaux:jambeau jinn:jinni joes:jo jura:jus kaddishim:kaddish kalmuck:kalmuc
kalmucks:kalmuc katabases:katabasis keeshonden:keeshond kibbutzim:kibbutz knives:knife kronen:krone
kroner:krone kronur:krona krooni:kroon kylikes:kylix labara:labarum labella:labellum labia:labium
labra:labrum lactobacilli:lactobacillus lacunaria:lacunar lapilli:lapillus lapithae:lapith larynges:larynx
lati:lat latices:latex latifundia:latifundium latu:lat leaves:leaf lecythi:lecythus leges:lex lei:leu
lemmata:lemma lemnisci:lemniscus lenes:lenis lentigines:lentigo lepidoptera:lepidopteran
leprosaria:leprosarium lepta:lepton leptocephali:leptocephalus leucocytozoa:leucocytozoan leva:lev
libretti:libretto lice:louse lieder:lied limbi:limbus limina:limen limites:limes limuli:limulus
lipomata:lipoma lire:lira liriodendra:liriodendron lisente:sente listente:sente litai:lit litu:litas
lives:life lixivia:lixivium loaves:loaf loci:locus loculi:loculus loggie:loggia logia:logion
lomenta:lomentum longobardi:longobard lubritoria:lubritorium lumbus:lumbi lumina:lumen
lustra:lustre lymphangitides:lymphangitis lymphomata:lymphoma lymphopoieses:lymphopoiesis lyses:lysis
machzorim:machzor macronuclei:macronucleus macrosporangia:macrosporangium madornos:madrono maestri:maestro
mafiosi:mafioso magi:magus magmata:magma mahzorim:mahzor makuta:likuta mallei:malleus malleoli:malleolus
maloti:loti manteaux:manteau mantes:mantis manubria:manubrium marchese:marchesa marchesi:marchese
maremme:maremma markkaa:markka marsupia:marsupium matrices:matrix matzoth:matzo mausolea:mausoleum
maxima:maximum media:medium mediastina:mediastinum megara:megaron megasporangia:megasporangium
megilloth:megillah meioses:meiosis melanomata:melanoma melismata:melisma memoranda:memorandum men:man
menisci:meniscus menservants:manservant menstrua:menstruum mesdames:madame mesdemoiselles:mademoiselle
mesentera:mesenteron mesothoraces:mesothorax messeigneurs:monseigneur messieurs:monsieur
metacarpi:metacarpus metamorphoses:metamorphosis metanephroi:metanephros metastases:metastasis
metatarsi:metatarsus metatheses:metathesis metathoraces:metathorax metazoa:metazoan
metempsychoses:metempsychosis metencephala:metencephalon mezuzoth:mezuzah miasmata:miasma mice:mouse
microanalyses:microanalysis micrococci:micrococcus micronuclei:micronucleus microsporangia:microsporangium
midrashim:midrash midwives:midwife milia:milium milieux:milieu millennia:millennium minima:minimum
ministeria:ministerium minyanim:minyan mioses:miosis miracidia:miracidium miri:mir mishnayoth:mishna
mitochondria:mitochondrion mitzvoth:mitzvah modioli:modiolus moduli:modulus momenta:momentum momi:momus
monochasia:monochasium monopodia:monopodium monoptera:monopteron monopteroi:monopteros monsignori:monsignor
mooncalves:mooncalf moratoria:moratorium morceaux:morceau morphallaxes:morphallaxis morphoses:morphosis
mosasauri:mosasaurus moshavim:moshav moslim:moslem moslims:moslem mucrones:mucro murices:murex
muskallunge:muskellunge mycelia:mycelium mycetomata:mycetoma mycobacteria:mycobacterium
myelencephala:myelencephalon myiases:myiasis myocardia:myocardium myomata:myoma myoses:myosis mythoi:mythos
myxomata:myxoma naevi:naevus naoi:naos narcissi:narcissus nares:naris nasopharynges:nasopharynx
natatoria:natatorium nauplii:nauplius nautili:nautilus necropoleis:necropolis nemeses:nemesis
nephridia:nephridium neurohypophyses:neurohypophysis neuromata:neuroma neuroptera:neuropteron
neuroses:neurosis nevi:nevus nibelungen:nibelung nidi:nidus nielli:niello nimbi:nimbus
nimbostrati:nimbostratus nodi:nodus noes:no nomina:nomen nota:notum noumena:noumenon novelle:novella
nucelli:nucellus nuclei:nucleus nucleoli:nucleolus numina:numen oases:oasis obeli:obelus obligati:obligato
oboli:obolus occipita:occiput oceanaria:oceanarium ocelli:ocellus ocreae:ochrea octahedra:octahedron
octopi:octopus oculi:oculus odea:odeum oedemata:edema oesophagi:esophagus oldwives:oldwife olea:oleum
omasa:omasum omenta:omentum ommatidia:ommatidium onagri:onager oogonia:oogonium opercula:operculum
optima:optimum ora:os organa:organon organums:organa orthoptera:orthopteron osar:os oscula:osculum ossa:os
osteomata:osteoma ostia:ostium ova:ovum ovoli:ovolo ovotestes:ovotestis oxen:ox
oxymora:oxymoron paise:paisa palingeneses:palingenesis pallia:pallium palpi:palpus pancratia:pancratium
panettoni:panettone paparazzi:paparazzo paperknives:paperknife papillomata:papilloma pappi:pappus
papyri:papyrus parabases:parabasis paraleipses:paraleipsis paralyses:paralysis paramecia:paramecium
paramenta:parament paraphyses:paraphysis parapodia:parapodium parapraxes:parapraxis paraselenae:paraselene
parashoth:parashah parasyntheta:parasyntheton parazoa:parazoan parentheses:parenthesis parerga:parergon
parhelia:parhelion parietes:paries parulides:parulis pastorali:pastorale patagia:patagium
patresfamilias:paterfamilias pectines:pecten pedes:pes pekingese:pekinese pelves:pelvis pence:penny
penes:penis penetralium:penetralia penicillia:penicillium penknives:penknife pennia:penni
pentahedra:pentahedron pentimenti:pentimento pepla:peplum pericardia:pericardium perichondria:perichondrium
pericrania:pericranium peridia:peridium perigonia:perigonium perihelia:perihelion perinea:perineum
perinephria:perinephrium perionychia:perionychium periostea:periosteum periphrases:periphrasis
peristalses:peristalsis perithecia:perithecium peritonea:peritoneum phalli:phallus pharynges:pharynx
phenomena:phenomenon philodendra:philodendron phlyctenae:phlyctaena phyla:phylum phylae:phyle
phyllotaxes:phyllotaxis phylogeneses:phylogenesis pilea:pileum pilei:pileus pineta:pinetum pirogi:pirog
pithecanthropi:pithecanthropus pithoi:pithos planetaria:planetarium plasmodesmata:plasmodesma
plasmodia:plasmodium plateaux:plateau plectra:plectron plena:plenum pleura:pleuron
pneumobacilli:pneumobacillus pneumococci:pneumococcus pocketknives:pocketknife podetia:podetium podia:podium
poleis:polis pollices:pollex pollinia:pollinium polychasia:polychasium polyhedra:polyhedron
polyparia:polyparium polypi:polypus polyzoa:polyzoan polyzoaria:polyzoarium pontes:pons pontifices:pontifex
portamenti:portamento portmanteaux:portmanteau postliminia:postliminium praenomina:praenomen praxes:praxis
predelle:predella prenomina:prenomen prese:presa primi:primo primordia:primordium principia:principium
proboscides:proboscis prognoses:prognosis prolegomena:prolegomenon prolepses:prolepsis
promycelia:promycelium pronephra:pronephros pronephroi:pronephros pronuclei:pronucleus propositi:propositus
proptoses:proptosis propyla:propylon propylaea:propylaeum proscenia:proscenium prosencephala:prosencephalon
prostheses:prosthesis prostomia:prostomium protases:protasis prothalamia:prothalamion prothalli:prothallus
prothallia:prothallium prothoraces:prothorax protonemata:protonema protozoa:protozoan
proventriculi:proventriculus prytanea:prytaneum psalteria:psalterium pseudopodia:pseudopodium
psychoneuroses:psychoneurosis psychoses:psychosis pterygia:pterygium ptoses:ptosis pubes:pubis
pudenda:pudendum puli:pul pulvilli:pulvillus pulvini:pulvinus puparia:puparium putamina:putamen putti:putto
pycnidia:pycnidium pygidia:pygidium pylori:pylorus pyxides:pyxis pyxidia:pyxidium qaddishim:qaddish
quadrennia:quadrennium qualia:quale quanta:quantum quarterstaves:quarterstaff quinquennia:quinquennium
quizzes:quiz rachides:rhachis radices:radix radii:radius ramenta:ramentum rami:ramus ranunculi:ranunculus
raphae:raphe rearmice:rearmouse recta:rectum recti:rectus rectrices:rectrix referenda:referendum
refugia:refugium reguli:regulus reis:real relata:relatum remiges:remex reremice:rearmouse reseaux:reseau
residua:residuum responsa:responsum retia:rete retiarii:retiarius reticula:reticulum retinacula:retinaculum
rhabdomyomata:rhabdomyoma rhachides:rhachis rhachises:rachis rhinencephala:rhinencephalon rhizobia:rhizobium
rhombi:rhombus rhonchi:rhonchus rhyta:rhyton ricercacari:ricercare ricercari:ricercare rilievi:rilievo
roma:rom rondeaux:rondeau rosaria:rosarium rostella:rostellum rostra:rostrum rouleaux:rouleau rumina:rumen
sacra:sacrum sacraria:sacrarium salespeople:salesperson salpinges:salpinx saltarelli:saltarello
sancta:sanctum sanitaria:sanitarium santimi:santims sarcophagi:sarcophagus sartorii:sartorius
sassanidae:sassanid scaleni:scalenus scarabaei:scarabaeus scarves:scarf schatchonim:schatchen
schemata:schema scherzandi:scherzando scherzi:scherzo schmoes:schmo scholia:scholium schuln:schul
schutzstaffeln:schutzstaffel scirrhi:scirrhus scleromata:scleroma scleroses:sclerosis sclerotia:sclerotium
scoleces:scolex scolices:scolex scotomata:scotoma scriptoria:scriptorium scrota:scrotum scudi:scudo
scuta:scutum scutella:scutellum scyphi:scyphus scyphozoa:scyphozoan secondi:secondo segni:segno
seleucidae:seleucid selves:self sensilla:sensillum senti:sent senussis:senusi separatrices:separatrix
sephardim:sephardi septa:septum septaria:septarium septennia:septennium sequestra:sequestrum sera:serum
seraphim:seraph sestertia:sestertium sgraffiti:sgraffito shabbasim:shabbas shabbatim:shabbat
shadchanim:shadchan shadchans:schatchen shammosim:shammas sheaves:sheaf shelves:shelf shinleaves:shinleaf
shittim:shittah shmoes:shmo shofroth:shofar shophroth:shophar shrewmice:shrewmouse shuln:shul
siddurim:siddur sigloi:siglos signore:signora signori:signior signorine:signorina simulacra:simulacrum
sincipita:sinciput sinfonie:sinfonia sistra:sistrum smalti:smalto snaggleteeth:snaggletooth sola:solum
solaria:solarium solatia:solatium soldi:soldo solfeggi:solfeggio soli:solo solidi:solidus
somata:soma soprani:soprano sordini:sordino sori:sorus soroses:sorosis sovkhozy:sovkhoz spadices:spadix
spectra:spectrum specula:speculum spermatia:spermatium spermatogonia:spermatogonium spermatozoa:spermatozoon
spermogonia:spermogonium sphinges:sphinx spicula:spiculum spirilla:spirillum splayfeet:splayfoot
splenii:splenius sporangia:sporangium sporogonia:sporogonium sporozoa:sporozoan springhase:springhaas
spumoni:spumone sputa:sputum squizzes:squiz stadia:stadium stamina:stamen staminodia:staminodium
staphylococci:staphylococcus staretsy:starets startsy:starets stelae:stele stemmata:stemma stenoses:stenosis
stepchildren:stepchild sterna:sternum stigmata:stigma stimuli:stimulus stipites:stipes stoae:stoa
stomata:stoma stomodaea:stomodaeum stomodea:stomodeum stotinki:stotinka stotkini:stotinka strata:stratum
strati:stratus stratocumuli:stratocumulus streptococci:streptococcus stretti:stretto striae:stria
strobili:strobilus stromata:stroma styli:stylus stylopodia:stylopodium subcortices:subcortex
subdeliria:subdelirium subgenera:subgenus subindices:subindex subphyla:subphylum substrasta:substratum
succedanea:succedaneum succubi:succubus sudaria:sudarium sudatoria:sudatorium sulci:sulcus
superstrata:superstratum sweetiewives:sweetiewife syconia:syconium syllabi:syllabus syllepses:syllepsis
symphyses:symphysis sympodia:sympodium symposia:symposium synarthroses:synarthrosis
synclinoria:synclinorium syncytia:syncytium syndesmoses:syndesmosis synopses:synopsis syntagmata:syntagma
syntheses:synthesis syphilomata:syphiloma syssarcoses:syssarcosis tableaux:tableau
tali:talus tallaisim:tallith tallitoth:tallith tapeta:tapetum tarsi:tarsus tarsometatarsi:tarsometatarsus
taxa:taxon tectrices:tectrix teeth:tooth tegmina:tegmen telangiectases:telangiectasia telia:telium
tempi:tempo tenacula:tenaculum tenderfeet:tenderfoot tenues:tenuis teraphim:teraph terata:teras
teredines:teredo terga:tergum termini:terminus terraria:terrarium terzetti:terzetto testes:testis
testudines:testudo tetrahedra:tetrahedron tetraskelia:tetraskelion thalamencephala:thalamencephalon
thalami:thalamus thalli:thallus therses:thyrse thesauri:thesaurus theses:thesis thickleaves:thickleaf
thieves:thief tholoi:tholos thoraces:thorax thrombi:thrombus thymi:thymus thyrsi:thyrsus
tintinnabula:tintinnabulum titmice:titmouse tomenta:tomentum tondi:tondo tonneaux:tonneau tophi:tophus
topoi:topos tori:torus torsi:torso tragi:tragus trapezia:trapezium trapezohedra:trapezohedron
traumata:trauma treponemata:treponema triclinia:triclinium triennia:triennium triforia:triforium
trihedra:trihedron triskelia:triskelion trisoctahedra:trisoctahedron triumviri:triumvir trivia:trivium
tropaeola:tropaeolum trousseaux:trousseau trymata:tryma turves:turf tympana:tympanum tyros:tiro
ubermenschen:ubermensch uigurs:uighur ultimata:ultimatum umbilici:umbilicus umbones:umbo unci:uncus
uncidia:uredium uredines:uredo uredinia:uredinium uredosori:uredosorus urinalyses:urinalysis uteri:uterus
utriculi:utriculus vacua:vacuum vagi:vagus vaporetti:vaporetto varices:varix vasa:vas vascula:vasculum
vela:velum velamina:velamen velaria:velarium ventriculi:ventriculus vermes:vermis vertices:vertex
vertigines:vertigo vexilla:vexillum viatica:viaticum vibracula:vibraculum villi:villus vimina:vimen
vincula:vinculum vires:vis virtuosi:virtuoso vitelli:vitellus vivaria:vivarium voces:vox volte:volta
vortices:vortex wahhabis:wahabi werewolves:werewolf wharves:wharf wives:wife wolves:wolf woodlice:woodlouse
xiphisterna:xiphisternum yeshivahs:yeshiva yeshivoth:yeshiva yogin:yogi yourselves:yourself
zecchini:zecchino zoa:zoon zoaeae:zoaea zoeae:zoea zoeas:zoaea zoonoses:zoonosis zoosporangia:zoosporangium
"""

# Regular forms that the algorithm leaves: it takes -us for an ending of singulars, keeps an s that stands
# behind the only vowel of a word or in one without vowels, and brings -ses of the shortest words to -se.
_WITH_S: Final = """
adieu bandeau bayou beau bureau caribou chateau coypu emu flu gateau gnu guru haiku hindu iglu impromptu
kinkajou kudu landau luau marabou menu milieu muumuu plateau portmanteau submenu sudoku tableau tatu tegu
tinamou trousseau tutu zebu zulu bra pro spa two yo cd dj dvd km lcd lp pc tv
"""
_WITH_ES: Final = "bus gas plus yes fez"
_FORMS: Final = """
people:person octopi:octopus axe:ax headscarves:headscarf silhouetted:silhouette silhouetting:silhouette
dyed:dye dyeing:dye
"""

SINGULARS: Final = {
    **dict(pair.split(":") for pair in _PAIRS.split()),
    **{word + "s": word for word in _WITH_S.split()},
    **{word + "es": word for word in _WITH_ES.split()},
    **dict(pair.split(":") for pair in _FORMS.split()),
}
