"""What operations take and answer, in the notation of schemas."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from postwarden.dialects.ews.wsdl.notation import definitions

_REQUESTS: Final = """
GetFolder = FolderShape:FolderShape FolderIds:FolderIds
FindFolder = FolderShape:FolderShape
    (IndexedPageFolderView:IndexedPageView
    | FractionalPageFolderView:FractionalPageView)?
    Restriction:Expression? ParentFolderIds:FolderIds @Traversal!
CreateFolder = ParentFolderId:TargetFolder Folders:Folders
UpdateFolder = FolderChanges:FolderChanges
MoveFolder = ToFolderId:TargetFolder FolderIds:FolderIds
DeleteFolder = FolderIds:FolderIds @DeleteType!
EmptyFolder = FolderIds:FolderIds @DeleteType! @DeleteSubFolders:boolean!
FindItem = ItemShape:ItemShape
    (IndexedPageItemView:IndexedPageView
    | FractionalPageItemView:FractionalPageView)?
    Restriction:Expression? SortOrder:FieldOrders? ParentFolderIds:FolderIds
    QueryString:QueryString? @Traversal!
GetItem = ItemShape:ItemShape ItemIds:ItemIds
CreateItem = SavedItemFolderId:TargetFolder? Items:Items @MessageDisposition
    @SendMeetingInvitations
UpdateItem = SavedItemFolderId:TargetFolder? ItemChanges:ItemChanges
    @ConflictResolution! @MessageDisposition @SuppressReadReceipts:boolean
    @SendMeetingInvitationsOrCancellations
MoveItem = ToFolderId:TargetFolder ItemIds:ItemIds ReturnNewItemIds:boolean?
CopyItem = ToFolderId:TargetFolder ItemIds:ItemIds ReturnNewItemIds:boolean?
DeleteItem = ItemIds:ItemIds @DeleteType! @SendMeetingCancellations
    @AffectedTaskOccurrences @SuppressReadReceipts:boolean
MarkAsJunk = ItemIds:ItemIds @IsJunk:boolean! @MoveItem:boolean!
GetAttachment = AttachmentShape:AttachmentShape? AttachmentIds:AttachmentIds
CreateAttachment = ParentItemId:ItemId Attachments:Attachments
DeleteAttachment = AttachmentIds:AttachmentIds
ExportItems = ItemIds:ItemIds
UploadItems = Items:UploadedItems
SyncFolderHierarchy = FolderShape:FolderShape SyncFolderId:TargetFolder?
    SyncState:string?
SyncFolderItems = ItemShape:ItemShape SyncFolderId:TargetFolder SyncState:string?
    Ignore:ItemIds? MaxChangesReturned:int SyncScope:string?
Subscribe = (PullSubscriptionRequest:PullSubscription
    | StreamingSubscriptionRequest:StreamingSubscription)
Unsubscribe = SubscriptionId:string
GetEvents = SubscriptionId:string Watermark:string
GetStreamingEvents = SubscriptionIds:SubscriptionIds ConnectionTimeout:int
ConvertId = SourceIds:SourceIds @DestinationFormat!
ResolveNames = ParentFolderIds:FolderIds? UnresolvedEntry:string
    @ReturnFullContactData:boolean! @SearchScope @ContactDataShape
ExpandDL = Mailbox:EmailAddress
GetSearchableMailboxes = SearchFilter:string? ExpandGroupMembership:boolean?
SearchMailboxes = SearchQueries:MailboxQueries ResultType:string
    PreviewItemResponseShape:Anything? SortBy:FieldOrder? Language:string?
    Deduplication:boolean? PageSize:int? PageItemReference:string?
    PageDirection:string?
GetHoldOnMailboxes = HoldId:string
SetHoldOnMailboxes = ActionType:string HoldId:string Query:string?
    Mailboxes:Strings? Language:string? IncludeNonIndexableItems:boolean?
    Deduplication:boolean? InPlaceHoldIdentity:string? ItemHoldPeriod:string?
FindPeople = PersonaShape:ItemShape? IndexedPageItemView:IndexedPageView
    Restriction:Expression? AggregationRestriction:Expression?
    SortOrder:FieldOrders? ParentFolderId:TargetFolder? QueryString:string?
    @Traversal
GetRoomLists =
GetRooms = RoomList:EmailAddress
GetDelegate = Mailbox:EmailAddress UserIds:Anything? @IncludePermissions:boolean!
GetInboxRules = MailboxSmtpAddress:string?
GetUserConfiguration = UserConfigurationName:UserConfigurationName
    UserConfigurationProperties:string
GetServerTimeZones = Ids:TimeZoneIds? @ReturnFullTimeZoneData:boolean
GetUserOofSettingsRequest = t.Mailbox
SetUserOofSettingsRequest = t.Mailbox t.UserOofSettings
"""

_ANSWERS: Final = """
GetFolder = Folders:Folders?
FindFolder = RootFolder:FoldersOfPage?
CreateFolder = Folders:Folders?
UpdateFolder = Folders:Folders?
MoveFolder = Folders:Folders?
FindItem = RootFolder:ItemsOfPage?
GetItem = Items:Items?
CreateItem = Items:Items?
UpdateItem = Items:Items? ConflictResults:ConflictResults?
MoveItem = Items:Items?
CopyItem = Items:Items?
MarkAsJunk = MovedItemId:ItemId?
GetAttachment = Attachments:Attachments?
CreateAttachment = Attachments:Attachments?
DeleteAttachment = RootItemId:RootItemId?
ExportItems = ItemId:ItemId? Data:base64Binary?
UploadItems = ItemId:ItemId?
SyncFolderHierarchy = SyncState:string? IncludesLastFolderInRange:boolean?
    Changes:FolderSyncChanges?
SyncFolderItems = SyncState:string? IncludesLastItemInRange:boolean?
    Changes:ItemSyncChanges?
Subscribe = SubscriptionId:string? Watermark:string?
GetEvents = Notification:Notification?
GetStreamingEvents = Notifications:m.Notifications?
    ErrorSubscriptionIds:SubscriptionIds? ConnectionStatus:string?
ConvertId = AlternateId:AlternateId?
ResolveNames = ResolutionSet:ResolutionSet?
ExpandDL = DLExpansion:Expansion?
GetSearchableMailboxes = SearchableMailboxes:SearchableMailboxes?
    FailedMailboxes:FailedMailboxes?
SearchMailboxes = SearchMailboxesResult:SearchMailboxesResult?
GetHoldOnMailboxes = MailboxHoldResult:MailboxHoldResult?
SetHoldOnMailboxes = MailboxHoldResult:MailboxHoldResult?
FindPeople = People:People? TotalNumberOfPeopleInView:int?
    FirstMatchingRowIndex:int? FirstLoadedRowIndex:int?
GetRoomLists = RoomLists:RoomLists?
GetRooms = Rooms:Rooms?
GetDelegate = ResponseMessages:Anything? DeliverMeetingRequests:string?
GetInboxRules = OutlookRuleBlobExists:boolean? InboxRules:Anything?
GetUserConfiguration = UserConfiguration:Anything?
GetServerTimeZones = TimeZoneDefinitions:TimeZoneDefinitions?
"""

_WHOLE: Final = """
GetUserOofSettingsRequest = ResponseMessage:m.ResponseMessage t.OofSettings?
    AllowExternalOof:string?
SetUserOofSettingsRequest = ResponseMessage:m.ResponseMessage
"""

_HEAD: Final = """MessageText:string? ResponseCode:string? DescriptiveLinkKey:int?
    MessageXml:Anything?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What an operation takes, and what one of its response messages has."""

    request: str
    answer: str
    is_whole: bool = False  # the answer has one message in it, in a place of its own


_requests, _answers = definitions(_REQUESTS), definitions(_ANSWERS)
_whole = definitions(_WHOLE)

DESCRIBED: Final[Mapping[str, Described]] = {
    name: Described(
        request=content,
        answer=_whole.get(name) or f"{_HEAD} {_answers.get(name, '')} @ResponseClass!",
        is_whole=name in _whole,
    )
    for name, content in _requests.items()
}
"""Operations by their name."""

PARTS: Final = {
    "Notifications": "Notification:Notification+",
    "ResponseMessage": f"{_HEAD} @ResponseClass!",
}
"""Types that only messages have."""

UNDESCRIBED: Final = Described(request="%", answer="% @ResponseClass!")
