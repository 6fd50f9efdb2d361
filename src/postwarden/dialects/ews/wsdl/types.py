"""The types of things: folders, items, and what is said of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from postwarden.dialects.ews import folder_shapes, item_shapes
from postwarden.dialects.ews.properties import PROPERTIES
from postwarden.dialects.ews.wsdl.notation import definitions

_PATHS: Final = """(FieldURI:FieldURI | IndexedFieldURI:IndexedFieldURI
    | ExtendedFieldURI:ExtendedFieldURI)"""
_FOLDERS: Final = "(FolderId:FolderId | DistinguishedFolderId:DistinguishedFolderId)"
_EXPRESSION: Final = """(And:Expressions | Or:Expressions | Not:Expression
    | Exists:Path | Excludes:Excludes | Contains:Contains
    | IsEqualTo:Comparison | IsNotEqualTo:Comparison | IsGreaterThan:Comparison
    | IsGreaterThanOrEqualTo:Comparison | IsLessThan:Comparison
    | IsLessThanOrEqualTo:Comparison)"""
_PAGE: Final = """@IndexedPagingOffset:int @TotalItemsInView:int
    @IncludesLastItemInRange:boolean"""
_CHANGED: Final = """Watermark:string? TimeStamp:dateTime
    (FolderId:FolderId | ItemId:ItemId) ParentFolderId:FolderId"""
_FILE: Final = """AttachmentId:AttachmentId? Name:string? ContentType:string?
    ContentId:string? ContentLocation:string? Size:int? LastModifiedTime:dateTime?
    IsInline:boolean?"""

_FIXED: Final = f"""
Anything = %
Strings = String:string*
Values = Value:string*
FolderId = @Id! @ChangeKey
DistinguishedFolderId = Mailbox:EmailAddress? @Id! @ChangeKey
TargetFolder = {_FOLDERS}
FolderIds = {_FOLDERS}+
ItemId = @Id! @ChangeKey
RootItemId = @RootItemId! @RootItemChangeKey
ItemIds = ItemId:ItemId+
EmailAddress = Name:string? EmailAddress:string? RoutingType:string?
    MailboxType:string? ItemId:ItemId?
Recipient = Mailbox:EmailAddress
Recipients = Mailbox:EmailAddress*
FieldURI = @FieldURI!
IndexedFieldURI = @FieldURI! @FieldIndex!
ExtendedFieldURI = @DistinguishedPropertySetId @PropertySetId @PropertyTag
    @PropertyName @PropertyId:int @PropertyType!
Path = {_PATHS}
Paths = {_PATHS}+
Expression = {_EXPRESSION}
Expressions = {_EXPRESSION}+
Constant = @Value!
FieldURIOrConstant = (FieldURI:FieldURI | IndexedFieldURI:IndexedFieldURI
    | ExtendedFieldURI:ExtendedFieldURI | Constant:Constant)
Comparison = {_PATHS} FieldURIOrConstant:FieldURIOrConstant
Contains = {_PATHS} Constant:Constant @ContainmentMode @ContainmentComparison
Excludes = {_PATHS} Bitmask:Constant
FieldOrder = {_PATHS} @Order!
FieldOrders = FieldOrder:FieldOrder+
QueryString = #string @ResetCache:boolean @ReturnHighlightTerms:boolean
    @ReturnDeletedItems:boolean
FolderShape = BaseShape:string AdditionalProperties:Paths?
ItemShape = BaseShape:string IncludeMimeContent:boolean? BodyType:string?
    FilterHtmlContent:boolean? ConvertHtmlCodePageToUTF8:boolean?
    AdditionalProperties:Paths?
AttachmentShape = IncludeMimeContent:boolean? BodyType:string?
    FilterHtmlContent:boolean? AdditionalProperties:Paths?
IndexedPageView = @MaxEntriesReturned:int @Offset:int! @BasePoint!
FractionalPageView = @MaxEntriesReturned:int @Numerator:int! @Denominator:int!
EffectiveRights = CreateAssociated:boolean CreateContents:boolean
    CreateHierarchy:boolean Delete:boolean Modify:boolean Read:boolean
    ViewPrivateItems:boolean?
PermissionSet = Permissions:Anything
MimeContent = #string @CharacterSet
Body = #string @BodyType!
InternetMessageHeader = #string @HeaderName!
InternetMessageHeaders = InternetMessageHeader:InternetMessageHeader*
Flag = FlagStatus:string StartDate:dateTime? DueDate:dateTime?
    CompleteDate:dateTime?
ExtendedProperty = ExtendedFieldURI:ExtendedFieldURI
    (Value:string | Values:Values)
AttachmentId = @Id! @RootItemId @RootItemChangeKey
AttachmentIds = AttachmentId:AttachmentId+
FileAttachment = {_FILE} IsContactPhoto:boolean? Content:base64Binary?
ItemAttachment = {_FILE} (Message:Message | Item:Message)?
Attachments = (FileAttachment:FileAttachment | ItemAttachment:ItemAttachment)*
Folders = Folder:Folder*
Items = (Message:Message | Item:Message)*
FoldersOfPage = Folders:Folders? {_PAGE}
ItemsOfPage = Items:Items? {_PAGE}
SetFolderField = {_PATHS} Folder:Folder
FolderUpdates = (SetFolderField:SetFolderField | DeleteFolderField:Path)+
FolderChange = {_FOLDERS} Updates:FolderUpdates
FolderChanges = FolderChange:FolderChange+
SetItemField = {_PATHS} (Message:Message | Item:Message)
ItemUpdates = (SetItemField:SetItemField | AppendToItemField:SetItemField
    | DeleteItemField:Path)*
ItemChange = ItemId:ItemId Updates:ItemUpdates
ItemChanges = ItemChange:ItemChange+
ConflictResults = Count:int
FolderSyncChange = Folder:Folder
FolderSyncDelete = FolderId:FolderId
FolderSyncChanges = (Create:FolderSyncChange | Update:FolderSyncChange
    | Delete:FolderSyncDelete)*
ItemSyncChange = Message:Message
ItemSyncDelete = ItemId:ItemId
ReadFlagChange = ItemId:ItemId IsRead:boolean
ItemSyncChanges = (Create:ItemSyncChange | Update:ItemSyncChange
    | Delete:ItemSyncDelete | ReadFlagChange:ReadFlagChange)*
EventTypes = EventType:string+
PullSubscription = FolderIds:FolderIds? EventTypes:EventTypes Watermark:string?
    Timeout:int @SubscribeToAllFolders:boolean
StreamingSubscription = FolderIds:FolderIds? EventTypes:EventTypes
    @SubscribeToAllFolders:boolean
SubscriptionIds = SubscriptionId:string+
StatusEvent = Watermark:string?
Changed = {_CHANGED} UnreadCount:int?
Moved = {_CHANGED} (OldFolderId:FolderId | OldItemId:ItemId)
    OldParentFolderId:FolderId
Notification = SubscriptionId:string PreviousWatermark:string? MoreEvents:boolean?
    (StatusEvent:StatusEvent | CreatedEvent:Changed | DeletedEvent:Changed
    | ModifiedEvent:Changed | NewMailEvent:Changed | MovedEvent:Moved
    | CopiedEvent:Moved)+
UploadedItem = ParentFolderId:FolderId ItemId:ItemId? Data:base64Binary
    @CreateAction! @IsAssociated:boolean
UploadedItems = Item:UploadedItem+
AlternateId = @Format! @Id! @Mailbox! @IsArchive:boolean
SourceIds = AlternateId:AlternateId+
Resolution = Mailbox:EmailAddress
ResolutionSet = Resolution:Resolution* @TotalItemsInView:int
    @IncludesLastItemInRange:boolean
Expansion = Mailbox:EmailAddress* @TotalItemsInView:int
    @IncludesLastItemInRange:boolean
SearchableMailbox = Guid:string PrimarySmtpAddress:string IsExternalMailbox:boolean
    ExternalEmailAddress:string DisplayName:string IsMembershipGroup:boolean
    ReferenceId:string
SearchableMailboxes = SearchableMailbox:SearchableMailbox*
MailboxSearchScope = Mailbox:string SearchScope:string
MailboxSearchScopes = MailboxSearchScope:MailboxSearchScope+
MailboxQuery = Query:string MailboxSearchScopes:MailboxSearchScopes
MailboxQueries = MailboxQuery:MailboxQuery+
PreviewMailbox = MailboxId:string PrimarySmtpAddress:string
SearchPreviewItem = Id:ItemId Mailbox:PreviewMailbox ParentId:FolderId
    ItemClass:string UniqueHash:string SortValue:string Sender:string
    ReceivedTime:dateTime Subject:string Size:long Read:boolean
SearchPreviewItems = SearchPreviewItem:SearchPreviewItem*
FailedMailbox = Mailbox:string ErrorCode:int ErrorMessage:string IsArchive:boolean
FailedMailboxes = FailedMailbox:FailedMailbox*
MailboxStat = MailboxId:string DisplayName:string ItemCount:long Size:long
MailboxStats = MailboxStat:MailboxStat*
SearchMailboxesResult = SearchQueries:MailboxQueries ResultType:string
    ItemCount:long Size:long PageItemCount:int PageItemSize:long
    Items:SearchPreviewItems? FailedMailboxes:FailedMailboxes?
    MailboxStats:MailboxStats?
MailboxHoldStatus = Mailbox:string Status:string AdditionalInfo:string
MailboxHoldStatuses = MailboxHoldStatus:MailboxHoldStatus*
MailboxHoldResult = HoldId:string Query:string
    MailboxHoldStatuses:MailboxHoldStatuses
PersonaId = @Id!
Persona = PersonaId:PersonaId PersonaType:string? DisplayName:string?
    EmailAddress:EmailAddress?
People = Persona:Persona*
Rooms = Room:Anything*
RoomLists = Address:EmailAddress*
UserConfigurationName = {_FOLDERS} @Name!
TimeZoneIds = Id:string+
TimeZoneDefinition = Periods:Anything? TransitionsGroups:Anything?
    Transitions:Anything? @Id! @Name
TimeZoneDefinitions = TimeZoneDefinition:TimeZoneDefinition*
AbsentMailbox = Name:string? Address:string RoutingType:string?
Duration = StartTime:dateTime EndTime:dateTime
Reply = Message:string
OofSettings = OofState:string ExternalAudience:string Duration:Duration?
    InternalReply:Reply? ExternalReply:Reply?
ConnectingSID = (PrincipalName:string | PrimarySmtpAddress:string
    | SmtpAddress:string)
ExchangeImpersonation = ConnectingSID:ConnectingSID
RequestServerVersion = @Version!
"""

ELEMENTS: Final = {
    "ExchangeImpersonation": "ExchangeImpersonation",
    "Mailbox": "AbsentMailbox",
    "OofSettings": "OofSettings",
    "RequestServerVersion": "RequestServerVersion",
    "UserOofSettings": "OofSettings",
}
"""Elements that stand in headers, and in messages under their own names."""

_OF_KINDS: Final = {bool: "boolean", int: "int", datetime: "dateTime", str: "string"}
_OF_FIELDS: Final = {
    "folder:FolderId": "FolderId",
    "folder:ParentFolderId": "FolderId",
    "folder:TotalCount": "int",
    "folder:ChildFolderCount": "int",
    "folder:UnreadCount": "int",
    "folder:EffectiveRights": "EffectiveRights",
    "folder:PermissionSet": "PermissionSet",
    "item:MimeContent": "MimeContent",
    "item:ItemId": "ItemId",
    "item:ParentFolderId": "FolderId",
    "item:Body": "Body",
    "item:TextBody": "Body",
    "item:UniqueBody": "Body",
    "item:Attachments": "Attachments",
    "item:Categories": "Strings",
    "item:InternetMessageHeaders": "InternetMessageHeaders",
    "item:EffectiveRights": "EffectiveRights",
    "item:Flag": "Flag",
    "item:ReminderIsSet": "boolean",
    "message:Sender": "Recipient",
    "message:From": "Recipient",
    "message:ToRecipients": "Recipients",
    "message:CcRecipients": "Recipients",
    "message:BccRecipients": "Recipients",
    "message:ReplyTo": "Recipients",
}
_SEVERAL: Final = frozenset({"item:ExtendedProperty"})


def _fields(uris: list[str]) -> str:
    found = []
    for uri in uris:
        name = uri.partition(":")[2]
        if uri in _SEVERAL:
            found.append(f"{name}:{name}*")
        elif uri in _OF_FIELDS:
            found.append(f"{name}:{_OF_FIELDS[uri]}?")
        else:
            known = PROPERTIES.get(uri)
            kind = "string" if known is None else _OF_KINDS[known.kind]
            found.append(f"{name}:{kind}?")
    return " ".join(found)


TYPES: Final[Mapping[str, str]] = {
    **definitions(_FIXED),
    "Folder": _fields([each.uri for each in folder_shapes.FIELDS]),
    "Message": _fields([each.uri for each in item_shapes.FIELDS]),
}
"""Every type by its name; those of folders and items are what is shown of them."""
