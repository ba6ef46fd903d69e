"""What people decided about the categories; the rest follows from WordNet by rule (`maker`).

Every synset is written as its id and one of its names.
"""

# Left out because they are too general to be searched for, or name a part or use that pictures do not show.
TOO_GENERAL = """
    n00001740 entity; n00001930 physical entity; n00002684 object; n00003553 whole; n00021939 artifact;
    n03575240 instrumentality; n00002137 abstraction; n00020827 matter; n00020090 substance;
    n15046900 solid; n14939900 fluid; n00004475 organism; n00007347 causal agent; n00019128 natural object;
    n00022903 article; n03892891 part; n13809207 part; n03122748 covering; n04014297 protective covering;
    n03076708 commodity; n03093574 consumer goods; n03100490 conveyance; n03125870 craft;
    n04341686 structure; n03183080 device; n03563967 implement; n03294048 equipment; n03574816 instrument;
    n03738472 mechanism; n03736970 mechanical device; n04377057 system; n03096960 control;
    n04360501 support; n04359589 support; n04361095 supporting structure; n03391770 framework;
    n04362025 surface; n00027807 shape; n14580897 material; n04081844 restraint; n03323703 fastener;
    n02796623 barrier; n09214581 barrier; n03297735 establishment; n03748162 mercantile establishment;
    n03574555 institution; n03405265 furnishing; n04453910 top; n04151940 screen; n03873064 padding;
    n00027167 location; n02735688 area; n09816771 associate; n10072708 explorer; n00033020 communication;
    n04599396 work; n06791372 signal; n02727825 apparatus; n03619396 kit; n04091097 rig; n03430959 gear;
    n03277771 electronic device; n04470953 transducer; n04069276 reflector; n04060904 receptacle;
    n04038440 rack; n04038727 rack; n02788689 bar; n04100174 rod; n03988170 post; n02856463 board;
    n02974697 case; n03043958 clip; n03091374 connection; n07882497 concoction; n07556970 course;
    n07566340 foodstuff; n07570720 nutriment; n07566863 starches; n04531098 vessel; n01471682 vertebrate;
    n03265032 edge tool; n03795580 movable barrier; n03050026 cloth covering; n04188643 sheet;
    n03252064 drygoods; n04191595 shelter; n04191943 shelter; n04181718 shade;
    n03078287 communication system; n03163973 data input device; n03916720 peripheral;
    n03039947 cleaning implement; n02756098 attire; n02728440 apparel; n04596852 woman's clothing;
    n03546340 housing; n03259505 dwelling; n09366317 natural elevation; n09366017 natural depression;
    n07800091 feed; n02887209 brace; n03210683 dispenser; n03178782 design; n03638321 landing;
    n03656484 lens; n04474466 trap; n04170037 self-propelled vehicle; n03733925 measuring instrument;
    n03753077 meter; n04187061 sheath; n03339643 filter; n03074380 column; n03169390 decoration;
    n03699975 machine; n03852280 optical instrument; n04151581 screen; n02851099 blind;
    n04263760 source of illumination; n13135832 seed; n09406793 reef; n09409512 ridge;
    n02895606 breathing device; n03510583 heavier-than-air craft; n03666917 lighter-than-air craft;
    n04571292 weight; n03472232 gymnastic apparatus; n02708224 analog computer; n02801525 basin;
    n03208556 disk; n02855089 blower; n02891188 brake system; n04296261 staff; n04317420 stick;
    n04183329 shaker; n03709206 magnifier; n04438304 timer; n04568557 web; n03956922 plant;
    n04046974 rail fence; n03454707 grate; n02955065 cap; n02954938 cap; n00017222 plant; n10439851 player;
    n04244997 small boat; n09287968 geological formation; n03269401 electrical device;
    n03154446 cutting implement; n03932670 piece of cloth; n00019613 substance; n13087625 plant organ;
    n03969259 plumbing fixture; n13086908 plant part; n03773504 missile; n10401829 participant;
    n04574999 wheel; n03863923 overgarment; n03848348 opener; n00024264 attribute;
    n03536348 horizontal surface; n04602044 workplace; n09225146 body of water; n01466257 chordate;
    n00004258 living thing; n02755352 attachment; n03282591 emblem; n03659292 lever; n03959936 plate;
    n03961939 platform; n03994008 powder; n04007894 product; n04060647 receiver; n08620061 point;
    n09349797 mechanism; n09626238 peer; n13899404 ball; n14974264 paper; n03354613 fixture;
    n03274561 electro-acoustic transducer; n04078574 reservoir; n04147495 scientific instrument;
    n14778436 agent; n14940386 liquid; n00031921 relation; n02821943 bedroom furniture; n03700963 machine;
    n03932203 piece; n04550840 ware; n03953020 place of business; n03839993 obstruction; n08497294 area;
    n11675842 reproductive structure; n04516672 utensil; n03859495 outerwear; n02889425 brake
"""
# Left out because few people know them: technical names of groups of living things, instruments and the like.
TOO_LEARNED = """
    n01886756 placental; n02171453 lamellicorn beetle; n02206270 hymenopterous insect; n02268148 odonate;
    n02373336 odd-toed ungulate; n02394477 even-toed ungulate; n01428580 soft-finned fish;
    n02552171 spiny-finned fish; n02528163 teleost fish; n02512938 food fish; n02483092 lesser ape;
    n02316707 echinoderm; n01914163 anthozoan; n01909422 coelenterate; n01482071 elasmobranch;
    n01942177 gastropod; n02115335 wild dog; n02086346 toy spaniel; n02095412 wirehair;
    n02093056 bullterrier; n02453108 pachyderm; n02099997 pointer; n07713395 cruciferous vegetable;
    n07710007 solanaceous vegetable; n07715721 summer squash; n07717070 winter squash; n01743605 python;
    n01560105 nightingale; n02095050 fox terrier; n02152991 game; n02453611 edentate; n02107420 Sennenhunde;
    n02103841 watchdog; n01871875 monotreme; n02323449 lagomorph; n01741943 boa; n02062017 aquatic mammal;
    n02089555 foxhound; n02817799 beating-reed instrument; n03228016 double-reed instrument;
    n03393324 free-reed instrument; n02880546 bowed stringed instrument; n02399000 ruminant;
    n02862048 body armor; n04464852 tracked vehicle; n04580493 white goods; n01789386 gallinaceous bird;
    n02514825 bony fish; n01480516 cartilaginous fish; n02489589 New World monkey;
    n02484473 Old World monkey
"""
# Left out because another category says it better, or because the pictures of the classes below it are not
# what one expects: the only houses are palaces and monasteries, the only jacket is that of a book.
MISLEADING = """
    n03206908 dish; n07555863 food; n07705711 produce; n13134947 fruit; n03381126 footwear;
    n03513376 helmet; n04379964 table; n03450516 gown; n03636248 lamp; n04388743 tank; n03982060 pool;
    n03427296 gate; n03590306 jacket; n02827606 belt; n03665366 light; n03740161 medicine; n03247620 drug;
    n03544360 house; n07930554 punch; n03414162 game equipment; n01789740 domestic fowl;
    n04079244 residence; n03154073 cutter; n04137444 satellite
"""
# Kept although a rule would leave them out: everyday names.
KEPT = """
    n02395003 swine;
    n02055803 penguin; n01877134 kangaroo; n02437136 camel; n02068974 dolphin; n02076196 seal;
    n02456962 sloth; n03597469 jewelry; n07697100 hamburger; n04403638 telescope; n03441112 glove;
    n04049405 raincoat; n01697178 crocodile; n01699831 dinosaur; n01747885 cobra; n01915811 coral;
    n01674990 gecko; n01693783 chameleon; n03797390 mug; n02083346 canine; n02120997 feline;
    n01627424 amphibian; n01769347 arachnid; n01974773 crustacean; n03151500 cushion; n04264914 spacecraft;
    n03790230 motorboat; n03294833 eraser; n02108672 bulldog; n02108254 mastiff; n04489008 trouser;
    n12041446 orchid; n02008796 egret; n01823013 cuckoo; n07720442 pepper; n03239726 drill;
    n03257586 duplicator; n03063338 coffee maker; n04044498 radiotelephone; n04508163 undergarment;
    n07588947 stew; n01525720 oscine
"""

# What is a kind of a category, too: by a meaning that WordNet does not know, or because it names what the
# pictures of the class show.
ADDED_KINDS = {
    "n01318894 pet": (
        "n02084071 dog",
        "n02121808 domestic cat",
        "n02342885 hamster",
        "n02364673 guinea pig",
        "n02324045 rabbit",
        "n01443537 goldfish",
    ),
    "n01887474 livestock": (
        "n02402425 cattle",
        "n02411705 sheep",
        "n02395406 hog",
        "n01791625 chicken",
        "n01855672 goose",
        "n02374451 horse",
        "n02437616 llama",
        "n02408429 water buffalo",
    ),
    "n01791625 chicken": (
        "n01514668 cock",
        "n01514859 hen",
    ),
    "n02131653 bear": ("n02510455 giant panda",),
    "n02402425 cattle": ("n02408429 water buffalo",),
    "n04524313 vehicle": ("n04019101 public transport",),
    "n03790512 motorcycle": ("n03791053 motor scooter",),
    "n04468005 train": (
        "n02959942 car",
        "n03684823 locomotive",
    ),
    "n04019101 public transport": ("n04335435 streetcar",),
    "n02691156 airplane": ("n04552348 warplane",),
    "n02858304 boat": ("n04128837 sailing vessel",),
    "n04460130 tower": ("n04562935 water tower",),
    "n02913152 building": ("n02980441 castle",),
    "n02818832 bed": ("n02766320 baby bed",),
    "n04379243 table": ("n03201208 dining table",),
    "n03636649 lamp": (
        "n03637318 lampshade",
        "n04286575 spotlight",
    ),
    "n04097866 robe": ("n03450516 gown",),
    "n03513137 helmet": ("n03929855 pickelhaube",),
    "n03278248 electronic equipment": (
        "n04404412 television",
        "n04041544 radio",
        "n03082979 computer",
        "n03691459 loudspeaker",
        "n04074963 remote control",
        "n03793489 mouse",
        "n04009552 projector",
        "n03759954 microphone",
    ),
    "n04405907 television receiver": ("n04404412 television",),
    "n03273913 electric refrigerator": ("n04070727 refrigerator",),
    "n03528263 home appliance": ("n04330267 stove",),
    "n03620052 kitchen appliance": (
        "n04070727 refrigerator",
        "n04330267 stove",
        "n03207941 dishwasher",
    ),
    "n03862676 oven": ("n04330267 stove",),
    "n03621049 kitchen utensil": (
        "n03633091 ladle",
        "n04597913 wooden spoon",
        "n04332243 strainer",
        "n02951585 can opener",
        "n03109150 corkscrew",
        "n03041632 cleaver",
        "n03733805 measuring cup",
    ),
    "n04381994 tableware": (
        "n07930864 cup",
        "n03063599 coffee mug",
        "n03438257 glass",
    ),
    "n04592099 wineglass": ("n03443371 goblet",),
    "n02774152 bag": ("n04026417 purse",),
    "n04223580 sink": ("n04553703 washbasin",),
    "n04446521 toilet": ("n04447861 toilet seat",),
    "n04285146 sports equipment": (
        "n02778669 ball",
        "n04039381 racket",
        "n04228054 ski",
        "n04019541 puck",
        "n03379051 football helmet",
        "n04023962 punching bag",
        "n04251144 snorkel",
    ),
    "n03964744 plaything": (
        "n03598930 jigsaw puzzle",
        "n03944341 pinwheel",
        "n02782093 balloon",
    ),
    "n00021265 food": ("n07555863 food",),
    "n08646902 landscape": ("n09287968 geological formation",),
    "n09217230 beach": (
        "n09428293 seashore",
        "n09421951 sandbar",
    ),
    "n09328904 lake": ("n09332890 lakeside",),
}

# What WordNet takes for a kind of a category, by a meaning that the pictures of the class do not have.
REMOVED_KINDS = {
    "n03094503 container": ("n04576211 wheeled vehicle",),
    "n01886756 placental": ("n01887474 livestock",),
    "n04070727 refrigerator": ("n03273913 electric refrigerator",),
    "n04524313 vehicle": ("n04099429 rocket",),
    "n03740161 medicine": ("n03994008 powder",),
    "n07683786 loaf of bread": ("n07871810 meat loaf",),
    "n04161981 seat": ("n04447861 toilet seat",),
    "n02778669 ball": ("n04023962 punching bag",),
    "n02827606 belt": ("n04125853 safety belt",),
    "n07930554 punch": ("n07930864 cup",),
    "n07560652 fare": ("n07565083 menu",),
    "n07800740 fodder": ("n07802026 hay",),
    "n03082979 computer": ("n06359193 web site",),
    "n02708224 analog computer": ("n04238763 slide rule",),
}

# Names that people type and WordNet lacks, or gives to another meaning. They come last.
ADDED_NAMES = {
    "n00007846 person": (
        "people",
        "human",
    ),
    "n01525720 oscine": ("songbird",),
    "n03051540 clothing": ("clothes",),
    "n07705931 edible fruit": ("fruit",),
    "n01693783 chameleon": ("chameleon",),
    "n07881800 beverage": ("drink",),
    "n04044498 radiotelephone": (
        "cell phone",
        "mobile",
        "smartphone",
    ),
    "n03273913 electric refrigerator": ("freezer",),
    "n04405907 television receiver": ("television",),
    "n04592099 wineglass": ("wine glass",),
    "n04489008 trouser": (
        "trousers",
        "pants",
        "jeans",
    ),
    "n04508163 undergarment": ("underwear",),
    "n08646902 landscape": (
        "scenery",
        "nature",
    ),
    "n03278248 electronic equipment": ("electronics",),
    "n02402425 cattle": ("cow",),
    "n02395003 swine": ("pig",),
    "n04468005 train": ("railway",),
    "n04371563 swimsuit": ("bathing costume",),
    "n04272054 spectacles": ("sunglasses",),
}

# Names that mean something else to most people.
REMOVED_NAMES = {
    "n02959942 car": ("car",),
    "n00007846 person": (
        "individual",
        "someone",
        "somebody",
        "mortal",
        "soul",
    ),
    "n04044498 radiotelephone": (
        "radiotelephone",
        "wireless telephone",
        "radiophone",
    ),
    "n03273913 electric refrigerator": ("electric refrigerator",),
    "n04405907 television receiver": (
        "television receiver",
        "idiot box",
        "boob tube",
        "goggle box",
    ),
    "n07705931 edible fruit": ("edible fruit",),
    "n07881800 beverage": (
        "drinkable",
        "potable",
    ),
    "n04489008 trouser": (
        "trouser",
        "pant",
    ),
    "n04508163 undergarment": ("unmentionable",),
    "n04446521 toilet": (
        "can",
        "commode",
        "crapper",
        "pot",
        "potty",
        "stool",
        "throne",
    ),
    "n02774152 bag": (
        "bag",
        "pocketbook",
        "purse",
    ),
    "n01887474 livestock": ("stock",),
    "n00021265 food": ("nutrient",),
    "n02891788 brass": ("brass",),
    "n09225146 body of water": ("water",),
    "n01693783 chameleon": ("chamaeleon",),
    "n01525720 oscine": (
        "oscine",
        "oscine bird",
    ),
    "n03484083 handcart": ("go-cart",),
    "n04530566 vessel": ("vessel",),
    "n00015388 animal": (
        "beast",
        "brute",
        "creature",
    ),
    "n03405725 furniture": (
        "piece of furniture",
        "article of furniture",
    ),
    "n03082979 computer": (
        "computing machine",
        "computing device",
        "data processor",
        "electronic computer",
        "information processing system",
    ),
    "n04256520 sofa": ("lounge",),
    "n03051540 clothing": (
        "vesture",
        "wear",
        "wearable",
        "habiliment",
        "article of clothing",
    ),
    "n07679356 bread": ("staff of life",),
    "n02402425 cattle": ("kine",),
    "n01639765 frog": (
        "toad frog",
        "anuran",
        "batrachian",
        "salientian",
    ),
}
