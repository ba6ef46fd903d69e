"""The public names of the engine, and the modules that hold them."""

from . import answers
from .catalog import (
    BACKUP_SCOPE,
    EDIT_SCOPE,
    INDEX_SCOPE,
    METRICS_SCOPE,
    NAME_SOURCE,
    ORIGINALS_SCOPE,
    PREDICTED_SOURCE,
    RESTRICTED_SCOPES,
    SCOPES,
    SEARCH_SCOPE,
    STATUS_SCOPE,
    USER_SOURCE,
    Annotation,
    ApiKey,
    Catalog,
    Content,
    Deed,
    Edit,
    Facet,
    FusionRecipe,
    Image,
    KeptEdit,
    Location,
    NewImage,
    Person,
    Problem,
    Restriction,
    SavedSearch,
    Sidecar,
    Space,
    Statement,
    Webhook,
    WebhookEvent,
)
from .client import Client
from .descriptors.backbone import Backbone
from .descriptors.details import find_fine_keypoints, find_keypoints
from .descriptors.preprocessing import Preprocessing
from .descriptors.runtimes.fetching import fetch_backbone
from .descriptors.runtimes.sentences import SentenceEncoder
from .descriptors.visual_vocabularies import draw_directions, visual_vocabulary_to_bytes
from .descriptors.word_towers import load_word_tower, round_rows, word_tower_to_bytes
from .durable import replace_file, sync_to_disk, write_file
from .errors import (
    BackboneUnavailable,
    CursorExpired,
    DeadlinePassed,
    DecodingImpossible,
    DurabilityTooLow,
    EditUnknown,
    FeatureDamaged,
    ImageNotFound,
    ImageNotInAnswer,
    ImageTooLarge,
    InvalidCursor,
    InvalidEdit,
    InvalidLabels,
    InvalidQuery,
    InvalidSetting,
    LibraryBusy,
    LibraryNotFound,
    NameInUse,
    NameTaken,
    NameUnknown,
    NotEnoughMemory,
    OriginalMissing,
    PictureUnreachable,
    ProjectionDamaged,
    RequestRefused,
    RetrievalError,
    SchemaOutOfDate,
    ServerLost,
    ServerUnreachable,
    StorageFailed,
    UnknownDescriptor,
    UnreadableImage,
    VerdictNotFound,
    WebhookUnknown,
)
from .library import Library, limits_from_settings
from .paths import display_path, path_bytes
from .pictures import images
from .pictures.decoder_pool import DecoderPool
from .pictures.decoder_process import DEFAULT_DECODER, DecoderProcess
from .pictures.decoder_protocol import DecodedPage, OpenedFile
from .pictures.fetch import UrlFetcher, UrlPoster
from .pictures.files import Limits, read_file
from .pictures.metadata import SIDECAR_SOURCE, Metadata, read_metadata, read_sidecar
from .pictures.metadata.xmp_merging import EMPTY_XMP, merge_xmp_facts
from .pictures.pixel_digests import find_digests, find_turned_digests
from .pictures.query_pictures import make_picture
from .pictures.tiff_pages import MAX_PAGES, page_digest
from .projections.search_files import SearchRecord
from .query.areas import Circle, Rectangle, Surroundings
from .query.conditions import AllOf, AnyOf, Filters, Not, list_filters
from .query.facet_conditions import narrow_query
from .query.json_form import query_from_json, query_to_json
from .query.language import format_query
from .query.part_terms import COLOUR_NAMES
from .query.pieces import Piece, list_options, list_pieces, replace_part
from .query.readings import Ambiguity, Reading, Understood
from .query.references import Fetcher, resolve_references
from .query.rewording import Rewording, replace_words
from .query.sort import Sort, format_sort, parse_sort
from .query.suggestions import suggest_name
from .query.unfinished import Completion
from .query.values import (
    Alternative,
    Colours,
    Concept,
    Either,
    Examples,
    Options,
    Palette,
    Part,
    Picture,
    Query,
    Reference,
    Region,
    StoredPicture,
    Swatch,
    Text,
    list_single_parts,
)
from .query_lines import parse_query
from .ranking import evaluation, tuning, visual_words, word_tower
from .ranking.duplicate_groups import TIERS, DuplicateGroup, Duplicates, NearCopy, Tier
from .ranking.file_names import GOOGLE_EDITED
from .ranking.groups import Group
from .ranking.keep_rules import Copy, KeepRule, format_keep_rule, parse_keep_rule
from .ranking.ranking import Ranking
from .ranking.relevance import LOOKS_LIKE
from .ranking.verdicts import Verdict, VerdictKind
from .remark import Remark
from .run_note import RunNote, RunProgress, ask_to_stop, read_run
from .search.atlas import Atlas, Cluster
from .search.explanations import Explanation
from .search.flow import FUSED
from .search.hits import Contribution, Hit, NewHits, Results, SavedNews
from .search.overview import FolderNode, Month, NamedKind, Overview, Way
from .search.remainders import Remainder
from .search.suggested_values import Suggestion
from .settings import SETTINGS, Settings
from .signals import SIGNALS
from .soundness import Status, find_damages, find_mismatches, find_strays, read_status
from .spaces import PictureDescription
from .watch import Watch, current_watch, watching
from .writing.background import BackgroundPublisher
from .writing.editor import Editor, open_editor
from .writing.keeper import Keeper, open_keeper
from .writing.library_writer import LibraryWriter, write_library
from .writing.lock import LOCK_FILE, OnBusy, WriterLock, refuse_busy

__all__ = [
    "BACKUP_SCOPE",
    "COLOUR_NAMES",
    "DEFAULT_DECODER",
    "EDIT_SCOPE",
    "EMPTY_XMP",
    "FUSED",
    "GOOGLE_EDITED",
    "INDEX_SCOPE",
    "LOCK_FILE",
    "LOOKS_LIKE",
    "MAX_PAGES",
    "METRICS_SCOPE",
    "NAME_SOURCE",
    "ORIGINALS_SCOPE",
    "PREDICTED_SOURCE",
    "RESTRICTED_SCOPES",
    "SCOPES",
    "SEARCH_SCOPE",
    "SETTINGS",
    "SIDECAR_SOURCE",
    "SIGNALS",
    "STATUS_SCOPE",
    "TIERS",
    "USER_SOURCE",
    "AllOf",
    "Alternative",
    "Ambiguity",
    "Annotation",
    "AnyOf",
    "ApiKey",
    "Atlas",
    "Backbone",
    "BackboneUnavailable",
    "BackgroundPublisher",
    "Catalog",
    "Circle",
    "Client",
    "Cluster",
    "Colours",
    "Completion",
    "Concept",
    "Content",
    "Contribution",
    "Copy",
    "CursorExpired",
    "DeadlinePassed",
    "DecodedPage",
    "DecoderPool",
    "DecoderProcess",
    "DecodingImpossible",
    "Deed",
    "DuplicateGroup",
    "Duplicates",
    "DurabilityTooLow",
    "Edit",
    "EditUnknown",
    "Editor",
    "Either",
    "Examples",
    "Explanation",
    "Facet",
    "FeatureDamaged",
    "Fetcher",
    "Filters",
    "FolderNode",
    "FusionRecipe",
    "Group",
    "Hit",
    "Image",
    "ImageNotFound",
    "ImageNotInAnswer",
    "ImageTooLarge",
    "InvalidCursor",
    "InvalidEdit",
    "InvalidLabels",
    "InvalidQuery",
    "InvalidSetting",
    "KeepRule",
    "Keeper",
    "KeptEdit",
    "Library",
    "LibraryBusy",
    "LibraryNotFound",
    "LibraryWriter",
    "Limits",
    "Location",
    "Metadata",
    "Month",
    "NameInUse",
    "NameTaken",
    "NameUnknown",
    "NamedKind",
    "NearCopy",
    "NewHits",
    "NewImage",
    "Not",
    "NotEnoughMemory",
    "OnBusy",
    "OpenedFile",
    "Options",
    "OriginalMissing",
    "Overview",
    "Palette",
    "Part",
    "Person",
    "Picture",
    "PictureDescription",
    "PictureUnreachable",
    "Piece",
    "Preprocessing",
    "Problem",
    "ProjectionDamaged",
    "Query",
    "Ranking",
    "Reading",
    "Rectangle",
    "Reference",
    "Region",
    "Remainder",
    "Remark",
    "RequestRefused",
    "Restriction",
    "Results",
    "RetrievalError",
    "Rewording",
    "RunNote",
    "RunProgress",
    "SavedNews",
    "SavedSearch",
    "SchemaOutOfDate",
    "SearchRecord",
    "SentenceEncoder",
    "ServerLost",
    "ServerUnreachable",
    "Settings",
    "Sidecar",
    "Sort",
    "Space",
    "Statement",
    "Status",
    "StorageFailed",
    "StoredPicture",
    "Suggestion",
    "Surroundings",
    "Swatch",
    "Text",
    "Tier",
    "Understood",
    "UnknownDescriptor",
    "UnreadableImage",
    "UrlFetcher",
    "UrlPoster",
    "Verdict",
    "VerdictKind",
    "VerdictNotFound",
    "Watch",
    "Way",
    "Webhook",
    "WebhookEvent",
    "WebhookUnknown",
    "WriterLock",
    "answers",
    "ask_to_stop",
    "current_watch",
    "display_path",
    "draw_directions",
    "evaluation",
    "fetch_backbone",
    "find_damages",
    "find_digests",
    "find_fine_keypoints",
    "find_keypoints",
    "find_mismatches",
    "find_strays",
    "find_turned_digests",
    "format_keep_rule",
    "format_query",
    "format_sort",
    "images",
    "limits_from_settings",
    "list_filters",
    "list_options",
    "list_pieces",
    "list_single_parts",
    "load_word_tower",
    "make_picture",
    "merge_xmp_facts",
    "narrow_query",
    "open_editor",
    "open_keeper",
    "page_digest",
    "parse_keep_rule",
    "parse_query",
    "parse_sort",
    "path_bytes",
    "query_from_json",
    "query_to_json",
    "read_file",
    "read_metadata",
    "read_run",
    "read_sidecar",
    "read_status",
    "refuse_busy",
    "replace_file",
    "replace_part",
    "replace_words",
    "resolve_references",
    "round_rows",
    "suggest_name",
    "sync_to_disk",
    "tuning",
    "visual_vocabulary_to_bytes",
    "visual_words",
    "watching",
    "word_tower",
    "word_tower_to_bytes",
    "write_file",
    "write_library",
]
